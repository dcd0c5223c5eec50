package dev.flowguard.learner.training;

import dev.flowguard.grpo.StepDiagnostics;
import dev.flowguard.learner.output.IterationReport.StepRatios;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Gathers what the objective saw over an iteration, step by step. Not thread-safe. */
final class RatioStatistics {
    private final TreeMap<Integer, Sums> steps = new TreeMap<>();
    private double canary = Double.NaN;
    private double klSum;
    private long klCount;
    private double lossSum;
    private int losses;
    private double largestNorm = Double.NaN;

    private static final class Sums {
        private final double sigma;
        private long count;
        private double sum;
        private double sumOfSquares;
        private double up;
        private double down;

        private Sums(double sigma) {
            this.sigma = sigma;
        }
    }

    /** @param beforeFirstUpdate whether the ratios should be 1 */
    void add(StepDiagnostics seen, boolean beforeFirstUpdate) {
        Sums sums = steps.computeIfAbsent(
                seen.transition().step(), step -> new Sums(seen.transition().sigma()));
        for (double logRatio : seen.logRatio()) {
            sums.count++;
            sums.sum += logRatio;
            sums.sumOfSquares += logRatio * logRatio;
            if (beforeFirstUpdate) {
                canary = Math.max(Double.isNaN(canary) ? 0 : canary, Math.abs(logRatio));
            }
        }
        sums.up += seen.upperClipFraction() * seen.logRatio().size();
        sums.down += seen.lowerClipFraction() * seen.logRatio().size();
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

    List<StepRatios> steps() {
        return steps.entrySet().stream()
                .map(entry -> {
                    Sums sums = entry.getValue();
                    double mean = sums.sum / sums.count;
                    double variance = Math.max(0, sums.sumOfSquares / sums.count - mean * mean);
                    return new StepRatios(
                            entry.getKey(),
                            sums.sigma,
                            mean,
                            Math.sqrt(variance),
                            sums.up / sums.count,
                            sums.down / sums.count);
                })
                .toList();
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
