package dev.flowguard.reward.artefact;

import dev.flowguard.reward.LumaPlane;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.Arrays;

/**
 * Three ways in which an image can be spoilt, each a share in [0, 1].
 *
 * @param noise pixel noise and checkerboards: the standard deviation of the noise as a share of 64 grey levels, a quarter of
 *     the range. Immerkær's operator (Fast noise variance estimation, CVIU 64(2), 1996), which vanishes on flats, ramps and
 *     straight edges, under the median of absolute deviations (Donoho and Johnstone, Biometrika 81(3), 1994), so that corners
 *     of letters do not count
 * @param blur Crété-Roffet et al., The blur effect (SPIE 6492, 2007): how little a box filter of 9 pixels takes from the
 *     differences between neighbours; the larger of both directions. Only differences that stand out of the noise by three
 *     standard deviations count, or noise would pass for sharpness; 0 where none does
 * @param clipping the share of pixels with a channel at its bound while another is more than a quarter of the range away:
 *     oversaturated colour. Paper white and black ink are not clipped
 */
record ArtefactMeasure(double noise, double blur, double clipping) {

    /** Below this the filters see nothing but edges. */
    static final int LEAST_SIDE = 16;

    private static final double QUARTER_OF_THE_RANGE = 64;

    /** Norm of Immerkær's operator: noise of standard deviation σ gives responses of 6 σ. */
    private static final double OPERATOR_NORM = 6;

    /** Median of |z| for a standard normal z. */
    private static final double NORMAL_MEDIAN = 0.6744897501960817;

    /** In grey levels; below this a difference is the rounding of a ramp. */
    private static final double LEAST_DIFFERENCE = 2;

    /** Half of the box filter's width. */
    private static final int REACH = 4;

    static ArtefactMeasure of(BufferedImage image) {
        LumaPlane luma = LumaPlane.of(image);
        double sigma = sigma(luma);
        return new ArtefactMeasure(
                Math.min(1, sigma / QUARTER_OF_THE_RANGE),
                Math.max(blur(luma, sigma, 1, 0), blur(luma, sigma, 0, 1)),
                clipping(image.getRaster()));
    }

    double score() {
        return (1 - noise) * (1 - blur) * (1 - clipping) - 1;
    }

    /** Standard deviation of the noise in grey levels. */
    private static double sigma(LumaPlane luma) {
        int[] responses = new int[(luma.width() - 2) * (luma.height() - 2)];
        int next = 0;
        for (int y = 1; y < luma.height() - 1; y++) {
            for (int x = 1; x < luma.width() - 1; x++) {
                responses[next++] = Math.abs(curve(luma, x, y - 1) - 2 * curve(luma, x, y) + curve(luma, x, y + 1));
            }
        }
        Arrays.sort(responses);
        return responses[responses.length / 2] / (OPERATOR_NORM * NORMAL_MEDIAN);
    }

    /** Second difference along a row. */
    private static int curve(LumaPlane luma, int x, int y) {
        return luma.at(x - 1, y) - 2 * luma.at(x, y) + luma.at(x + 1, y);
    }

    private static double blur(LumaPlane luma, double sigma, int dx, int dy) {
        double least = Math.max(LEAST_DIFFERENCE, 3 * Math.sqrt(2) * sigma);
        int width = 2 * REACH + 1;
        long variation = 0;
        double lost = 0;
        for (int y = dy; y < luma.height(); y++) {
            for (int x = dx; x < luma.width(); x++) {
                int own = Math.abs(luma.at(x, y) - luma.at(x - dx, y - dy));
                if (own < least) {
                    continue;
                }
                // Two boxes beside each other differ by their ends.
                double smoothed = Math.abs(luma.nearest(x + REACH * dx, y + REACH * dy)
                                - luma.nearest(x - (REACH + 1) * dx, y - (REACH + 1) * dy))
                        / (double) width;
                variation += own;
                lost += Math.max(0, own - smoothed);
            }
        }
        return variation == 0 ? 0 : (variation - lost) / variation;
    }

    private static double clipping(Raster raster) {
        int clipped = 0;
        int[] pixel = new int[raster.getNumBands()];
        for (int y = 0; y < raster.getHeight(); y++) {
            for (int x = 0; x < raster.getWidth(); x++) {
                raster.getPixel(x, y, pixel);
                int low = Arrays.stream(pixel).min().orElse(0);
                int high = Arrays.stream(pixel).max().orElse(0);
                if ((low == 0 || high == 255) && high - low > QUARTER_OF_THE_RANGE) {
                    clipped++;
                }
            }
        }
        return (double) clipped / ((long) raster.getWidth() * raster.getHeight());
    }
}
