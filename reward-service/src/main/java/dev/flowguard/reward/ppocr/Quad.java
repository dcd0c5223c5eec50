package dev.flowguard.reward.ppocr;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** Four corners around a line of text, named as the text runs. */
record Quad(Point topLeft, Point topRight, Point bottomRight, Point bottomLeft) {

    /** Of four corners in any order: the two leftmost are on the left, of these the upper one is on top. */
    static Quad of(List<Point> corners) {
        List<Point> byX =
                corners.stream().sorted(Comparator.comparingDouble(Point::x)).toList();
        Point left = byX.get(0);
        Point alsoLeft = byX.get(1);
        Point right = byX.get(2);
        Point alsoRight = byX.get(3);
        boolean leftIsUpper = alsoLeft.y() > left.y();
        boolean rightIsUpper = alsoRight.y() > right.y();
        return new Quad(
                leftIsUpper ? left : alsoLeft,
                rightIsUpper ? right : alsoRight,
                rightIsUpper ? alsoRight : right,
                leftIsUpper ? alsoLeft : left);
    }

    /** Of the same corners, the nearest to the image's upper left and lower right corner as such (PaddleOCR's {@code order_points_clockwise}). */
    Quad upright() {
        List<Point> rest = new ArrayList<>(corners());
        Point first = Collections.min(rest, Comparator.comparingDouble(corner -> corner.x() + corner.y()));
        Point last = Collections.max(rest, Comparator.comparingDouble(corner -> corner.x() + corner.y()));
        rest.remove(first);
        rest.remove(last);
        Comparator<Point> slope = Comparator.comparingDouble(corner -> corner.y() - corner.x());
        return new Quad(first, Collections.min(rest, slope), last, Collections.max(rest, slope));
    }

    List<Point> corners() {
        return List.of(topLeft, topRight, bottomRight, bottomLeft);
    }

    /** Length of the longer of its upper and lower side. */
    double width() {
        return Math.max(topLeft.distance(topRight), bottomLeft.distance(bottomRight));
    }

    /** Length of the longer of its left and right side. */
    double height() {
        return Math.max(topLeft.distance(bottomLeft), topRight.distance(bottomRight));
    }
}
