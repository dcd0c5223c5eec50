package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.Collection;
import java.util.stream.DoubleStream;

/**
 * Mean and population standard deviation.
 *
 * <p>INVARIANT: they do not depend on the order of the values, to the last bit, so that neither the number of workers nor the
 * order in which groups arrive changes a run. Hence the sorting.
 *
 * @param tied whether all values are equal; the standard deviation is then exactly 0
 */
record Moments(double mean, double std, boolean tied) {
    /** Added to a standard deviation before it divides; flow_grpo's. */
    private static final double STD_FLOOR = 1e-4;

    static Moments of(Collection<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        if (sorted.length == 0) {
            return new Moments(0, 0, true);
        }
        if (sorted[0] == sorted[sorted.length - 1]) {
            return new Moments(sorted[0], 0, true);
        }
        double mean = DoubleStream.of(sorted).sum() / sorted.length;
        double variance = DoubleStream.of(sorted)
                        .map(value -> (value - mean) * (value - mean))
                        .sum()
                / sorted.length;
        if (!Double.isFinite(variance)) {
            throw new InputException("rewards from " + sorted[0] + " to " + sorted[sorted.length - 1]
                    + " have no finite standard deviation; mend the scorer or lower the weights");
        }
        return new Moments(mean, Math.sqrt(variance), false);
    }

    /** {@code (value - mean) / (std + 1e-4)}; exactly 0 where all values are equal. */
    double standardised(double value) {
        return tied ? 0 : (value - mean) / (std + STD_FLOOR);
    }

    /** The same with the spread of other values. */
    double standardised(double value, double otherStd) {
        return tied ? 0 : (value - mean) / (otherStd + STD_FLOOR);
    }
}
