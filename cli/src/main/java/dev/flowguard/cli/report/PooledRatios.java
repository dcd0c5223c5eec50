package dev.flowguard.cli.report;

import dev.flowguard.learner.output.StepRatios;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The importance ratios of one step, over all iterations and runs of an arm: what they would be if all ratios lay in one heap.
 *
 * @param clipUp share of ratios above the trust region
 * @param clipDown share below
 * @param shift mean of the log-ratio over its population standard deviation: 0 where a clip is as near on both sides
 */
record PooledRatios(double clipUp, double clipDown, double shift) {

    /**
     * Pools iterations, each weighted by its members: where a plan draws its steps, an iteration has more of them at one step than
     * the next has.
     *
     * @param iterations at least one, each with at least one member
     */
    static PooledRatios of(List<StepRatios> iterations) {
        double mean = mean(iterations, StepRatios::logRatioMean);
        double variance = mean(iterations, step -> square(step.logRatioStd()) + square(step.logRatioMean() - mean));
        return new PooledRatios(
                mean(iterations, StepRatios::clipUp),
                mean(iterations, StepRatios::clipDown),
                variance == 0 ? 0 : mean / Math.sqrt(variance));
    }

    private static double mean(List<StepRatios> iterations, ToDoubleFunction<StepRatios> value) {
        double sum = 0;
        long members = 0;
        for (StepRatios iteration : iterations) {
            sum += iteration.members() * value.applyAsDouble(iteration);
            members += iteration.members();
        }
        return sum / members;
    }

    private static double square(double value) {
        return value * value;
    }
}
