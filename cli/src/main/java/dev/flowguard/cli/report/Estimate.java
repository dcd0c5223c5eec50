package dev.flowguard.cli.report;

import java.util.List;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * What a few seeds say about an arm.
 *
 * @param count how many seeds
 * @param mean over the seeds
 * @param margin half of the 95 % confidence interval by Student's t with count − 1 degrees of freedom; NaN for one seed,
 *     which has none
 * @param lowest of the seeds
 * @param highest of the seeds
 */
record Estimate(int count, double mean, double margin, double lowest, double highest) {

    private static final double CONFIDENCE = .95;

    /** Of at least one seed's value. */
    static Estimate of(List<Double> values) {
        int n = values.size();
        double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        double squares = values.stream()
                .mapToDouble(value -> (value - mean) * (value - mean))
                .sum();
        double margin = n < 2
                ? Double.NaN
                : TDistribution.of(n - 1).inverseCumulativeProbability((1 + CONFIDENCE) / 2)
                        * Math.sqrt(squares / (n - 1) / n);
        return new Estimate(
                n,
                mean,
                margin,
                values.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
                values.stream().mapToDouble(Double::doubleValue).max().orElseThrow());
    }

    /** "0.712 ± 0.031", or the mean alone where there is no interval. */
    String text() {
        if (count < 2) {
            return ScoreText.of(mean);
        }
        double magnitude = Math.max(Math.abs(mean), margin);
        return ScoreText.of(mean, magnitude) + " ± " + ScoreText.of(margin, magnitude);
    }

    /** Whether the two intervals have no point in common; false where one of them does not exist. */
    boolean apartFrom(Estimate other) {
        return Math.abs(mean - other.mean) > margin + other.margin;
    }
}
