package dev.flowguard.reward.ppocr;

/** A place in an image or a map, in pixels from its upper left corner. */
record Point(double x, double y) {

    double distance(Point other) {
        return Math.hypot(x - other.x, y - other.y);
    }

    /** The place a share of the way to another. */
    Point towards(Point other, double share) {
        return new Point(x + (other.x - x) * share, y + (other.y - y) * share);
    }

    /** The cross product of the ways from here to two others: its sign says to which side the second lies. */
    double cross(Point first, Point second) {
        return (first.x - x) * (second.y - y) - (first.y - y) * (second.x - x);
    }
}
