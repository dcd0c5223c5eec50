package dev.flowguard.reward.ppocr;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * A rectangle at any angle.
 *
 * @param centre its middle
 * @param alongX direction of its width, of length 1
 * @param alongY of that direction
 * @param width not negative
 * @param height at a right angle to it, not negative
 */
record Rectangle(Point centre, double alongX, double alongY, double width, double height) {

    /**
     * The smallest rectangle around points: one of its sides lies on a side of their convex hull.
     *
     * @param points at least one
     */
    static Rectangle around(List<Point> points) {
        List<Point> hull = hull(points);
        Rectangle best = null;
        for (int i = 0; i < hull.size(); i++) {
            Point from = hull.get(i);
            Point to = hull.get((i + 1) % hull.size());
            double length = from.distance(to);
            Rectangle candidate = length == 0
                    ? new Rectangle(from, 1, 0, 0, 0)
                    : along((to.x() - from.x()) / length, (to.y() - from.y()) / length, hull);
            if (best == null || candidate.area() < best.area()) {
                best = candidate;
            }
        }
        if (best == null) {
            throw new IllegalArgumentException("there is nothing around no points");
        }
        return best;
    }

    private static Rectangle along(double x, double y, List<Point> hull) {
        double lowAlong = Double.POSITIVE_INFINITY;
        double highAlong = Double.NEGATIVE_INFINITY;
        double lowAcross = Double.POSITIVE_INFINITY;
        double highAcross = Double.NEGATIVE_INFINITY;
        for (Point point : hull) {
            double along = point.x() * x + point.y() * y;
            double across = point.y() * x - point.x() * y;
            lowAlong = Math.min(lowAlong, along);
            highAlong = Math.max(highAlong, along);
            lowAcross = Math.min(lowAcross, across);
            highAcross = Math.max(highAcross, across);
        }
        double along = (lowAlong + highAlong) / 2;
        double across = (lowAcross + highAcross) / 2;
        Point centre = new Point(along * x - across * y, along * y + across * x);
        return new Rectangle(centre, x, y, highAlong - lowAlong, highAcross - lowAcross);
    }

    /** The convex hull, without points on its sides (Andrew's monotone chain). */
    private static List<Point> hull(List<Point> points) {
        List<Point> sorted = points.stream()
                .distinct()
                .sorted(Comparator.comparingDouble(Point::x).thenComparingDouble(Point::y))
                .toList();
        if (sorted.size() < 3) {
            return sorted;
        }
        List<Point> hull = new ArrayList<>(chain(sorted));
        List<Point> backwards = new ArrayList<>(sorted);
        Collections.reverse(backwards);
        hull.addAll(chain(backwards));
        return hull;
    }

    /** One half of a hull, without its last point. */
    private static List<Point> chain(List<Point> points) {
        List<Point> chain = new ArrayList<>();
        for (Point point : points) {
            while (chain.size() >= 2 && chain.get(chain.size() - 2).cross(chain.get(chain.size() - 1), point) <= 0) {
                chain.remove(chain.size() - 1);
            }
            chain.add(point);
        }
        chain.remove(chain.size() - 1);
        return chain;
    }

    double area() {
        return width * height;
    }

    double shortSide() {
        return Math.min(width, height);
    }

    Quad quad() {
        double halfX = alongX * width / 2;
        double halfY = alongY * width / 2;
        double downX = -alongY * height / 2;
        double downY = alongX * height / 2;
        return Quad.of(List.of(
                new Point(centre.x() - halfX - downX, centre.y() - halfY - downY),
                new Point(centre.x() + halfX - downX, centre.y() + halfY - downY),
                new Point(centre.x() + halfX + downX, centre.y() + halfY + downY),
                new Point(centre.x() - halfX + downX, centre.y() - halfY + downY)));
    }
}
