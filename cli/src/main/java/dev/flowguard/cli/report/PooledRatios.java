package dev.flowguard.cli.report;

import dev.flowguard.learner.output.StepRatios;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The importance ratios of one step, over all iterations and runs of an arm.
 *
 * @param clipUp share of ratios above the trust region
 * @param clipDown share below
 * @param shift mean of the log-ratio over its standard deviation: 0 where a clip is as near on both sides
 */
record PooledRatios(double clipUp, double clipDown, double shift) {

    /** Of at least one iteration. All count alike: an iteration has as many members at a step as any other. */
    static PooledRatios of(List<StepRatios> iterations) {
        double mean = mean(iterations, StepRatios::logRatioMean);
        double square = mean(
                iterations,
                step -> step.logRatioStd() * step.logRatioStd() + step.logRatioMean() * step.logRatioMean());
        double std = Math.sqrt(Math.max(0, square - mean * mean));
        return new PooledRatios(
                mean(iterations, StepRatios::clipUp),
                mean(iterations, StepRatios::clipDown),
                std == 0 ? 0 : mean / std);
    }

    private static double mean(List<StepRatios> iterations, ToDoubleFunction<StepRatios> value) {
        return iterations.stream().mapToDouble(value).average().orElseThrow();
    }
}
