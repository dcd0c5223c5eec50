package dev.flowguard.learner.training;

import dev.flowguard.grpo.RatioObservatory;
import dev.flowguard.grpo.StepDiagnostics;
import dev.flowguard.learner.output.IterationReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gathers what the objective and the optimizer saw over an iteration. Not thread-safe. */
final class LearningStatistics {
    private final RatioObservatory onPolicy = new RatioObservatory();
    private final RatioObservatory offPolicy = new RatioObservatory();
    private double canary = Double.NaN;
    private double klSum;
    private long klCount;
    private double lossSum;
    private int losses;
    private double largestNorm = Double.NaN;
    private IterationReport.@Nullable Replay replay;

    /** @param beforeFirstUpdate whether the ratios should be 1 */
    void add(StepDiagnostics seen, boolean beforeFirstUpdate) {
        (beforeFirstUpdate ? onPolicy : offPolicy).add(seen);
        if (beforeFirstUpdate) {
            for (double logRatio : seen.logRatio()) {
                canary = Math.max(Double.isNaN(canary) ? 0 : canary, Math.abs(logRatio));
            }
        }
        for (double kl : seen.klToReference()) {
            klSum += kl;
            klCount++;
        }
    }

    void addUpdate(double loss, double gradientNorm) {
        lossSum += loss;
        losses++;
        largestNorm = Math.max(Double.isNaN(largestNorm) ? 0 : largestNorm, gradientNorm);
    }

    /**
     * Groups of earlier iterations are trained on once more.
     *
     * @param weights their members' importance weights
     */
    void replayed(int groups, List<Double> weights) {
        replay = new IterationReport.Replay(
                groups,
                weights.stream().min(Double::compare).orElse(null),
                weights.stream().max(Double::compare).orElse(null));
    }

    /** Null in runs without replay. */
    IterationReport.@Nullable Replay replay() {
        return replay;
    }

    /**
     * The ratios of the iteration. Before its first update they are 1 by construction and would hide what the others look like:
     * they are shown only where there are no others.
     */
    RatioObservatory ratios() {
        return offPolicy.summaries().isEmpty() ? onPolicy : offPolicy;
    }

    @Nullable
    Double canary() {
        return present(canary);
    }

    @Nullable
    Double loss() {
        return losses == 0 ? null : lossSum / losses;
    }

    @Nullable
    Double gradientNorm() {
        return present(largestNorm);
    }

    @Nullable
    Double klToReference() {
        return klCount == 0 ? null : klSum / klCount;
    }

    private static @Nullable Double present(double value) {
        return Double.isNaN(value) ? null : value;
    }
}
