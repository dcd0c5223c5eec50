package dev.flowguard.grpo;

import java.util.Arrays;
import java.util.Collection;

/** What a set of numbers looks like. Depends on no order of them. Immutable. */
public final class Distribution {
    private final double[] sorted;

    private Distribution(double[] sorted) {
        this.sorted = sorted;
    }

    /**
     * The distribution of some numbers.
     *
     * @param values at least one, none of them NaN
     */
    public static Distribution of(Collection<Double> values) {
        if (values.isEmpty() || values.stream().anyMatch(value -> Double.isNaN(value))) {
            throw new IllegalArgumentException(values.size() + " values, or one is not a number");
        }
        return new Distribution(
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray());
    }

    public int count() {
        return sorted.length;
    }

    public double mean() {
        return Arrays.stream(sorted).sum() / sorted.length;
    }

    /** The population standard deviation. */
    public double std() {
        double mean = mean();
        return Math.sqrt(Arrays.stream(sorted)
                        .map(value -> (value - mean) * (value - mean))
                        .sum()
                / sorted.length);
    }

    /**
     * The p-quantile, linear between neighbours (numpy's default).
     *
     * @param p in [0, 1]
     */
    public double quantile(double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("quantile " + p);
        }
        double place = p * (sorted.length - 1);
        int below = (int) place;
        double next = sorted[Math.min(below + 1, sorted.length - 1)];
        return sorted[below] + (place - below) * (next - sorted[below]);
    }

    /**
     * Counts in bins of equal width over {@code [low, high)}. Bins that do not depend on the numbers let histograms of several
     * iterations be laid side by side.
     *
     * @return {@code bins + 2} counts: what lies below, the bins, what lies above
     */
    public long[] histogram(double low, double high, int bins) {
        if (!(low < high) || bins < 1) {
            throw new IllegalArgumentException(bins + " bins from " + low + " to " + high);
        }
        long[] counts = new long[bins + 2];
        for (double value : sorted) {
            if (value < low) {
                counts[0]++;
            } else if (value >= high) {
                counts[bins + 1]++;
            } else {
                counts[1 + Math.min(bins - 1, (int) ((value - low) / (high - low) * bins))]++;
            }
        }
        return counts;
    }
}
