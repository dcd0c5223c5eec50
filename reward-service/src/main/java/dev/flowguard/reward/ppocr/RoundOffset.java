package dev.flowguard.reward.ppocr;

import java.util.ArrayList;
import java.util.List;

/**
 * A polygon enlarged by a distance, with rounded corners, as Clipper 6 does it ({@code ClipperOffset}, {@code jtRound}), which knows whole numbers
 * only: corners are cut to them first, and the points of the arcs are rounded to them. Half a pixel of a map can be two of an image, and decides
 * whether a space is read.
 */
final class RoundOffset {

    /** How far an arc's chords may lie within it, in pixels; where the distance is below 1, in distances. */
    private static final double ARC_TOLERANCE = .25;

    private final double distance;
    private final double stepsPerRadian;
    private final double sin;
    private final double cos;

    private RoundOffset(double distance) {
        this.distance = distance;
        double tolerance = ARC_TOLERANCE * Math.min(1, distance);
        double steps = Math.min(Math.PI / Math.acos(1 - tolerance / distance), distance * Math.PI);
        stepsPerRadian = steps / (2 * Math.PI);
        sin = Math.sin(2 * Math.PI / steps);
        cos = Math.cos(2 * Math.PI / steps);
    }

    /**
     * The points around a box.
     *
     * @param distance in pixels, above 0
     */
    static List<Point> of(Quad box, double distance) {
        List<Point> corners = box.corners().stream()
                .map(corner -> new Point((long) corner.x(), (long) corner.y()))
                .distinct()
                .toList();
        RoundOffset offset = new RoundOffset(distance);
        List<Point> points = new ArrayList<>();
        int count = corners.size();
        for (int i = 0; i < count; i++) {
            Point corner = corners.get(i);
            offset.arc(
                    corner,
                    outwards(corners.get((i + count - 1) % count), corner),
                    outwards(corner, corners.get((i + 1) % count)),
                    points);
        }
        return points;
    }

    /** The normal of length 1 of a side. The corners run so that it points outwards. */
    private static Point outwards(Point from, Point to) {
        double length = from.distance(to);
        return length == 0 ? new Point(0, 0) : new Point((to.y() - from.y()) / length, (from.x() - to.x()) / length);
    }

    private void arc(Point corner, Point before, Point after, List<Point> points) {
        double sinAngle = before.x() * after.y() - after.x() * before.y();
        double cosAngle = before.x() * after.x() + before.y() * after.y();
        if (Math.abs(sinAngle * distance) < 1 && cosAngle > 0) {
            points.add(along(corner, before));
            return;
        }
        long steps = Math.max(Math.round(stepsPerRadian * Math.abs(Math.atan2(sinAngle, cosAngle))), 1);
        Point direction = before;
        for (long i = 0; i < steps; i++) {
            points.add(along(corner, direction));
            direction = new Point(direction.x() * cos - sin * direction.y(), direction.x() * sin + direction.y() * cos);
        }
        points.add(along(corner, after));
    }

    private Point along(Point corner, Point direction) {
        return new Point(
                rounded(corner.x() + direction.x() * distance), rounded(corner.y() + direction.y() * distance));
    }

    /** Halves away from zero. */
    private static double rounded(double value) {
        return (long) (value < 0 ? value - .5 : value + .5);
    }
}
