package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/**
 * GRPO-Guard's objective: the clipped surrogate on a ratio that RatioNorm has centred and scaled, so that one clip range
 * holds on both sides at every step, with gradients evened out over the steps,
 *
 * <pre>{@code
 * log r = s (log-ratio of the densities + mean(delta^2) / (2 s^2))
 *       = mean(noise delta)
 *       = sum (x' - mean_old) (mean_policy - mean_old) / (D s)          delta = mean_policy - mean_old
 * L     = -w min(r A, clip(r) A)
 * }</pre>
 *
 * <p>Source: GRPO-Guard, arXiv:2510.22319, equations 8 to 12. The last line of log r is what is computed: per member, as a
 * direct dot product. The published script subtracts log-probabilities, which costs fp32 its last digits, and averages
 * {@code mean(delta^2)} over the batch (flow_grpo issue 244), which lets members shift each other's ratios. As published,
 * the gradient flows through the correction too: inside the trust region the loss is linear in the policy's mean.
 *
 * @param clipRange stated at {@link ClipRange#REFERENCE_ELEMENTS}; 2e-6 in the paper's code
 * @param stepWeight the paper's delta, w
 */
public record GrpoGuardObjective(ClipRange clipRange, StepWeight stepWeight) implements Objective {

    @Override
    public StepLoss loss(StepBatch batch, Tensor policyMean) {
        Transition step = batch.transition();
        GaussianStep old = new GaussianStep(batch.oldMean(), step.s());
        Tensor logRatio = new GaussianStep(policyMean, step.s()).normalisedLogRatio(old, batch.next());
        double scale = Math.sqrt((double) ClipRange.REFERENCE_ELEMENTS / batch.latentElements());
        return new ClippedSurrogate(clipRange.scaled(scale), stepWeight.of(step)).loss(batch, logRatio);
    }

    @Override
    public GrpoGuardObjective withClipRange(ClipRange other) {
        return new GrpoGuardObjective(other, stepWeight);
    }
}
