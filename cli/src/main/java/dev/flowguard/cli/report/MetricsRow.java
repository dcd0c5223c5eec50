package dev.flowguard.cli.report;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the report shows of one line of {@code metrics.jsonl}. A number that the line lacks is absent here too, never zero.
 *
 * @param iteration the iteration, from 1; 0 is the evaluation before the first
 * @param seconds wall time since the run began, at the end of the iteration
 * @param reward training reward by scorer
 * @param eval held-out score by scorer, where the iteration was evaluated
 * @param steps one entry a stochastic step
 * @param gradientNorm global norm before clipping
 * @param times seconds by phase
 */
record MetricsRow(
        int iteration,
        double seconds,
        Map<String, Spread> reward,
        Map<String, Double> eval,
        List<Step> steps,
        @Nullable Double gradientNorm,
        Map<String, Double> times) {

    /** Mean and standard deviation of a score over an iteration's samples. */
    record Spread(double mean, @Nullable Double std) {}

    /** Importance ratios and clipping at one stochastic step. */
    record Step(
            int step,
            @Nullable Double sigma,
            @Nullable Double logRatioMean,
            @Nullable Double logRatioStd,
            @Nullable Double clipUp,
            @Nullable Double clipDown) {}
}
