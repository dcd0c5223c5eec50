package dev.flowguard.learner.training;

import dev.flowguard.grpo.ClipRange;
import dev.flowguard.grpo.Distribution;
import dev.flowguard.grpo.ImportanceRatio;
import dev.flowguard.grpo.Objective;
import dev.flowguard.grpo.RatioObservatory.SideCounts;
import dev.flowguard.grpo.RatioObservatory.StepSummary;
import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.StepRatios;
import dev.flowguard.learner.output.StepRatios.Histogram;
import dev.flowguard.learner.output.StepRatios.SignClip;
import dev.flowguard.learner.output.StepRatios.Spread;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What {@link dev.flowguard.grpo.RatioObservatory} saw, as {@code metrics.jsonl} has it.
 *
 * @param ratio that the objective used
 * @param clip the range in use; null where the trust region is no range
 */
record RatioReport(ImportanceRatio ratio, @Nullable ClipRange clip) {
    private static final int BINS = 40;

    /** Beyond it lies one ratio in two hundred on either side; they are counted at the ends. */
    private static final double FURTHEST_SHOWN = .995;

    /** The report of runs with this objective, whose latents have so many elements. */
    static RatioReport of(Objective objective, long latentElements) {
        return new RatioReport(
                objective.ratio(), objective.rangeInUse(latentElements).orElse(null));
    }

    /** The range, as it is written; null where there is none. */
    IterationReport.@Nullable Clip clipInUse() {
        return clip == null
                ? null
                : new IterationReport.Clip(
                        ratio == ImportanceRatio.DENSITY ? "density" : "ratio-norm", clip.lower(), clip.upper());
    }

    /** One entry a step. All histograms of one kind have the same bins, so that steps can be laid side by side. */
    List<StepRatios> steps(List<StepSummary> summaries) {
        double densityReach = reach(summaries, StepSummary::density, ImportanceRatio.DENSITY);
        double normalisedReach = reach(summaries, StepSummary::normalised, ImportanceRatio.RATIO_NORM);
        return summaries.stream()
                .map(step -> step(step, densityReach, normalisedReach))
                .toList();
    }

    private StepRatios step(StepSummary step, double densityReach, double normalisedReach) {
        Distribution used = ratio == ImportanceRatio.DENSITY ? step.density() : step.normalised();
        long members = step.density().count();
        return new StepRatios(
                step.step(),
                step.sigma(),
                members,
                used.mean(),
                used.std(),
                (double) step.above() / members,
                (double) step.below() / members,
                new StepRatios.Observed(
                        spread(step.density(), densityReach),
                        spread(step.normalised(), normalisedReach),
                        sign(step.gaining()),
                        sign(step.losing()),
                        step.gradientShare(),
                        step.divergence(),
                        step.klToReference().isPresent() ? step.klToReference().getAsDouble() : null));
    }

    private double reach(List<StepSummary> summaries, Function<StepSummary, Distribution> of, ImportanceRatio kind) {
        double seen = summaries.stream()
                .map(of)
                .mapToDouble(ratios -> Math.max(-ratios.quantile(1 - FURTHEST_SHOWN), ratios.quantile(FURTHEST_SHOWN)))
                .max()
                .orElse(0);
        return kind == ratio && clip != null ? Math.max(seen, 1.5 * Math.max(clip.lower(), clip.upper())) : seen;
    }

    private static Spread spread(Distribution ratios, double reach) {
        return new Spread(
                ratios.mean(),
                ratios.std(),
                StepRatios.QUANTILES.stream().map(ratios::quantile).toList(),
                reach > 0
                        ? new Histogram(
                                -reach,
                                reach,
                                Arrays.stream(ratios.histogram(-reach, reach, BINS))
                                        .boxed()
                                        .toList())
                        : null);
    }

    private static SignClip sign(SideCounts counts) {
        return new SignClip(counts.members(), counts.above(), counts.below());
    }
}
