package dev.flowguard.reward.reference;

import dev.flowguard.reward.LumaPlane;

/**
 * One reference image and how a picture is compared with it.
 *
 * <p>The measure is the universal image quality index of Wang and Bovik (IEEE Signal Processing Letters 9(3), 2002, pages 81
 * to 84) with the whole image as its one window, on luma:
 *
 * <pre>
 *   Q = 4 σxy x̄ ȳ / ((σx² + σy²)(x̄² + ȳ²))
 * </pre>
 *
 * the product of correlation, likeness of brightness and likeness of contrast. It is 1 for the reference itself, 0 for a flat
 * image, below 0 for its negative. Where the world may move what it shows, the best Q over all moves of the reference by whole
 * pixels counts, its edges repeated.
 */
final class Reference {

    private final LumaPlane plane;
    private final int shift;

    /**
     * @param plane the reference; not flat, or nothing could be like it
     * @param shift how many pixels the reference may be moved each way
     */
    Reference(LumaPlane plane, int shift) {
        this.plane = plane;
        this.shift = shift;
    }

    int width() {
        return plane.width();
    }

    int height() {
        return plane.height();
    }

    boolean fits(LumaPlane image) {
        return image.width() == plane.width() && image.height() == plane.height();
    }

    /** In [-1, 1]; the image has the reference's size. */
    double similarity(LumaPlane image) {
        double best = -1;
        for (int dy = -shift; dy <= shift; dy++) {
            for (int dx = -shift; dx <= shift; dx++) {
                best = Math.max(best, quality(image, dx, dy));
            }
        }
        return best;
    }

    private double quality(LumaPlane image, int dx, int dy) {
        // Whole numbers: sums are exact, so that the order of pixels cannot matter.
        long x = 0;
        long y = 0;
        long xx = 0;
        long yy = 0;
        long xy = 0;
        for (int row = 0; row < plane.height(); row++) {
            for (int column = 0; column < plane.width(); column++) {
                long own = image.at(column, row);
                long other = plane.nearest(column - dx, row - dy);
                x += own;
                y += other;
                xx += own * own;
                yy += other * other;
                xy += own * other;
            }
        }
        double n = (double) plane.width() * plane.height();
        double meanX = x / n;
        double meanY = y / n;
        double covariance = xy / n - meanX * meanY;
        double variances = xx / n - meanX * meanX + yy / n - meanY * meanY;
        double squares = meanX * meanX + meanY * meanY;
        return variances <= 0 || squares <= 0 ? 0 : 4 * covariance * meanX * meanY / (variances * squares);
    }
}
