package dev.flowguard.grpo;

import dev.flowguard.grpo.TrustRegion.Side;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * Gathers what the objective saw over an iteration, step by step: the figures of GRPO-Guard (arXiv:2510.22319), ratios before
 * and after RatioNorm. Everything comes from {@link StepDiagnostics}; no further pass is made.
 *
 * <p>Keeps some 40 bytes a (member, step) tuple. Not thread-safe.
 */
public final class RatioObservatory {
    private final TreeMap<Integer, Step> steps = new TreeMap<>();

    private static final class Step {
        private final double sigma;
        private final List<Double> density = new ArrayList<>();
        private final List<Double> normalised = new ArrayList<>();
        private final List<Double> divergence = new ArrayList<>();
        private final List<Double> gradientSquares = new ArrayList<>();
        private final List<Double> klToReference = new ArrayList<>();
        private SideCounts gaining = SideCounts.NONE;
        private SideCounts losing = SideCounts.NONE;
        private SideCounts indifferent = SideCounts.NONE;

        private Step(double sigma) {
            this.sigma = sigma;
        }

        private void count(double advantage, Side side) {
            if (advantage > 0) {
                gaining = gaining.and(side);
            } else if (advantage < 0) {
                losing = losing.and(side);
            } else {
                indifferent = indifferent.and(side);
            }
        }

        private void addAll(Step other) {
            density.addAll(other.density);
            normalised.addAll(other.normalised);
            divergence.addAll(other.divergence);
            gradientSquares.addAll(other.gradientSquares);
            klToReference.addAll(other.klToReference);
            gaining = gaining.and(other.gaining);
            losing = losing.and(other.losing);
            indifferent = indifferent.and(other.indifferent);
        }

        private double gradientNorm() {
            // Sorted, so that the order of micro-batches changes no bit.
            return Math.sqrt(gradientSquares.stream()
                    .mapToDouble(Double::doubleValue)
                    .sorted()
                    .sum());
        }
    }

    /**
     * Members of one sign of the advantage, by where their ratio lies.
     *
     * @param members all of them
     * @param above those above the trust region; with A &gt; 0 they are stopped
     * @param below those below it; with A &lt; 0 they are stopped
     */
    public record SideCounts(long members, long above, long below) {
        static final SideCounts NONE = new SideCounts(0, 0, 0);

        SideCounts and(Side side) {
            return new SideCounts(
                    members + 1, above + (side == Side.ABOVE ? 1 : 0), below + (side == Side.BELOW ? 1 : 0));
        }

        SideCounts and(SideCounts other) {
            return new SideCounts(members + other.members, above + other.above, below + other.below);
        }
    }

    /**
     * One step of the schedule.
     *
     * @param step its index
     * @param sigma its noise level
     * @param density log r of {@link ImportanceRatio#DENSITY}, before RatioNorm
     * @param normalised log r of {@link ImportanceRatio#RATIO_NORM}, after it
     * @param gaining members with A &gt; 0
     * @param losing members with A &lt; 0
     * @param indifferent members with A = 0
     * @param divergence mean KL(policy || old) an element
     * @param klToReference mean KL to the reference, unweighted; empty where it was not measured
     * @param gradientShare the step's share of the norms of d loss / d velocity, all steps together 1; 0 where no step has any.
     *     What the network makes of it, d velocity / d weights, is not part of it
     */
    public record StepSummary(
            int step,
            double sigma,
            Distribution density,
            Distribution normalised,
            SideCounts gaining,
            SideCounts losing,
            SideCounts indifferent,
            double divergence,
            OptionalDouble klToReference,
            double gradientShare) {

        /** How many ratios lie above the trust region, whatever the advantage. */
        public long above() {
            return gaining.above() + losing.above() + indifferent.above();
        }

        /** How many lie below it. */
        public long below() {
            return gaining.below() + losing.below() + indifferent.below();
        }
    }

    /** Adds a micro-batch. */
    public void add(StepDiagnostics seen) {
        Step step = steps.computeIfAbsent(
                seen.transition().step(), index -> new Step(seen.transition().sigma()));
        step.density.addAll(seen.densityLogRatio());
        step.normalised.addAll(seen.normalisedLogRatio());
        step.divergence.addAll(seen.divergence());
        step.klToReference.addAll(seen.klToReference());
        for (int b = 0; b < seen.members().size(); b++) {
            double gradient = seen.velocityGradient().get(b);
            step.gradientSquares.add(gradient * gradient);
            step.count(seen.members().get(b).advantage(), seen.sides().get(b));
        }
    }

    /** Adds all that another one saw. */
    public void merge(RatioObservatory other) {
        other.steps.forEach((index, seen) ->
                steps.computeIfAbsent(index, i -> new Step(seen.sigma)).addAll(seen));
    }

    /** The steps seen so far, rising. */
    public List<StepSummary> summaries() {
        double norms = steps.values().stream().mapToDouble(Step::gradientNorm).sum();
        List<StepSummary> summaries = new ArrayList<>();
        steps.forEach((index, step) -> summaries.add(new StepSummary(
                index,
                step.sigma,
                Distribution.of(step.density),
                Distribution.of(step.normalised),
                step.gaining,
                step.losing,
                step.indifferent,
                Distribution.of(step.divergence).mean(),
                step.klToReference.isEmpty()
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(Distribution.of(step.klToReference).mean()),
                norms == 0 ? 0 : step.gradientNorm() / norms)));
        return summaries;
    }
}
