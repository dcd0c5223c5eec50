package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What the policy minimises at one step,
 *
 * <pre>{@code L = -w surrogate(log r, A) }</pre>
 *
 * <p>put together from an importance ratio r and a trust region on it; the step's weight w ({@link StepWeight}) comes with the
 * batch. The parts are independent, so that what a paper changes at once can be tried one at a time: GRPO-Guard's ratio with
 * Flow-GRPO's range, say.
 *
 * <p>INVARIANT: every member is treated by itself, without a reduction over the batch. Called in training mode inside a scope,
 * which owns the loss.
 *
 * @param ratio how the ratio is formed
 * @param region how far it may go
 */
public record Objective(ImportanceRatio ratio, TrustRegion region) {

    /** Flow-GRPO's objective. */
    public static Objective flowGrpo(ClipRange range) {
        return new Objective(ImportanceRatio.DENSITY, range);
    }

    /** GRPO-Guard's objective. */
    public static Objective grpoGuard(ClipRange range) {
        return new Objective(ImportanceRatio.RATIO_NORM, range);
    }

    /** The same ratio with another trust region. */
    public Objective withRegion(TrustRegion other) {
        return new Objective(ratio, other);
    }

    /**
     * The clip range as it bounds log r of latents of this many elements; empty where the trust region is none.
     *
     * @param latentElements D, of one member
     */
    public Optional<ClipRange> rangeInUse(long latentElements) {
        double scale = ratio.rangeScale(latentElements);
        return region instanceof ClipRange range
                ? Optional.of(new ClipRange(range.lower() * scale, range.upper() * scale))
                : Optional.empty();
    }

    /**
     * The loss of a micro-batch.
     *
     * @param batch the step as it was sampled
     * @param policyMean mean of the same step from the same latents under the policy in training, of the shape of {@code
     *     batch.oldMean()}, with its graph
     * @throws ArithmeticException if a member's ratio is not finite; the message names it
     */
    public StepLoss loss(StepBatch batch, Tensor policyMean) {
        PolicyChange change = new PolicyChange(batch, policyMean);
        Tensor logRatio = ratio.logRatio(change);
        requireFinite(batch, logRatio.toDoubles());
        double scale = ratio.rangeScale(batch.latentElements());
        Tensor gain = region.surrogate(change, logRatio, scale);
        return new StepLoss(gain.mul(-batch.weight()), diagnose(batch, policyMean, logRatio.toDoubles(), scale));
    }

    private StepDiagnostics diagnose(StepBatch batch, Tensor policyMean, double[] logRatio, double scale) {
        PolicyChange seen = new PolicyChange(batch, policyMean.detach());
        List<Double> divergence = boxed(seen.divergence().toDoubles());
        double[] gradient = ratio.velocityGradient(seen).toDoubles();
        List<TrustRegion.Side> sides = new ArrayList<>();
        for (int b = 0; b < logRatio.length; b++) {
            TrustRegion.Side side = region.side(logRatio[b], divergence.get(b), scale);
            double advantage = batch.members().get(b).advantage();
            sides.add(side);
            gradient[b] *= side.stops(advantage) ? 0 : batch.weight() * Math.abs(advantage) * Math.exp(logRatio[b]);
        }
        return new StepDiagnostics(
                batch.transition(),
                batch.members(),
                boxed(logRatio),
                boxed(ImportanceRatio.DENSITY.logRatio(seen).toDoubles()),
                boxed(ImportanceRatio.RATIO_NORM.logRatio(seen).toDoubles()),
                divergence,
                sides,
                boxed(gradient),
                List.of());
    }

    private static void requireFinite(StepBatch batch, double[] logRatio) {
        for (int b = 0; b < logRatio.length; b++) {
            if (!Double.isFinite(logRatio[b]) || !Double.isFinite(Math.exp(logRatio[b]))) {
                TrainedMember member = batch.members().get(b);
                throw new ArithmeticException("group " + member.groupId() + ", member " + member.member() + ", step "
                        + batch.transition().step() + ": log importance ratio is " + logRatio[b]
                        + "; the policy has diverged, lower the learning rate");
            }
        }
    }

    private static List<Double> boxed(double[] values) {
        return Arrays.stream(values).boxed().toList();
    }
}
