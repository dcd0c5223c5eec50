package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/**
 * Flow-GRPO's objective: PPO's clipped surrogate on the ratio of the mean-reduced step densities,
 *
 * <pre>{@code
 * log r = mean over D of [ (x' - mean_old)^2 - (x' - mean_policy)^2 ] / (2 s^2)
 * L     = -min(r A, clip(r) A)
 * }</pre>
 *
 * <p>Sources: Flow-GRPO, arXiv:2505.05470, equation 5; flow_grpo's {@code scripts/train_sd3.py}. Since {@code E[log r]} is
 * negative while its spread shrinks with D, the upper side of the trust region is out of reach (GRPO-Guard,
 * arXiv:2510.22319): members with A &gt; 0 are never clipped. That is the method's published flaw, not an error here.
 *
 * @param clipRange stated at {@link ClipRange#REFERENCE_ELEMENTS}; 1e-4 in the paper's code
 */
public record FlowGrpoObjective(ClipRange clipRange) implements Objective {

    @Override
    public StepLoss loss(StepBatch batch, Tensor policyMean) {
        double s = batch.transition().s();
        GaussianStep old = new GaussianStep(batch.oldMean(), s);
        Tensor logRatio = new GaussianStep(policyMean, s).logRatio(old, batch.next());
        double scale = (double) ClipRange.REFERENCE_ELEMENTS / batch.latentElements();
        return new ClippedSurrogate(clipRange.scaled(scale), 1).loss(batch, logRatio);
    }

    @Override
    public FlowGrpoObjective withClipRange(ClipRange other) {
        return new FlowGrpoObjective(other);
    }
}
