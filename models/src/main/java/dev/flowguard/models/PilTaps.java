package dev.flowguard.models;

/** Which pixels of an axis make one pixel of the resampled axis, and with what weights. */
final class PilTaps {

    /** Pillow's fixed point: eight bits for the sample, two for overshoot. */
    static final int PRECISION_BITS = 32 - 8 - 2;

    private final int first;
    private final double[] weights;

    private PilTaps(int first, double[] weights) {
        this.first = first;
        this.weights = weights;
    }

    /**
     * Pillow's {@code precompute_coeffs} for some of the pixels of the resampled axis.
     *
     * @param in length of the axis
     * @param out length of the resampled axis
     * @param from the first pixel of the resampled axis that is wanted
     * @param count how many are wanted
     */
    static PilTaps[] of(int in, int out, int from, int count, PilFilter filter) {
        double scale = (double) in / out;
        double widening = Math.max(scale, 1);
        double support = filter.support() * widening;
        double shrink = 1 / widening;
        PilTaps[] taps = new PilTaps[count];
        for (int i = 0; i < count; i++) {
            double centre = (from + i + 0.5) * scale;
            int first = Math.max(0, (int) (centre - support + 0.5));
            double[] weights = new double[Math.min(in, (int) (centre + support + 0.5)) - first];
            double sum = 0;
            for (int x = 0; x < weights.length; x++) {
                weights[x] = filter.at((x + first - centre + 0.5) * shrink);
                sum += weights[x];
            }
            for (int x = 0; sum != 0 && x < weights.length; x++) {
                weights[x] /= sum;
            }
            taps[i] = new PilTaps(first, weights);
        }
        return taps;
    }

    /** The first of the pixels. */
    int first() {
        return first;
    }

    /** Of the pixels from the first on; their sum is 1. Not to be written to. */
    double[] weights() {
        return weights;
    }

    /** One past the last of the pixels. */
    int end() {
        return first + weights.length;
    }

    /** The weights as Pillow computes with them on 8-bit samples: in units of 2^-22, halves away from zero. */
    int[] fixed() {
        int[] fixed = new int[weights.length];
        for (int x = 0; x < fixed.length; x++) {
            double scaled = weights[x] * (1 << PRECISION_BITS);
            fixed[x] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
        }
        return fixed;
    }
}
