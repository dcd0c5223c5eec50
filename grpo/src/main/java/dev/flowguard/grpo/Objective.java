package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/**
 * What the policy minimises at one step: an importance ratio, a trust region on it, and the step's weight.
 *
 * <p>An extension point. Implementations are immutable and treat every member by itself: no reduction over the batch,
 * ever. They are called in training mode inside a scope, which owns the loss.
 */
public interface Objective {

    /**
     * The loss of a micro-batch.
     *
     * @param batch the step as it was sampled
     * @param policyMean mean of the same step from the same latents under the policy in training, of the shape of {@code
     *     batch.oldMean()}, with its graph
     * @throws ArithmeticException if a member's ratio is not finite; the message names it
     */
    StepLoss loss(StepBatch batch, Tensor policyMean);

    /** The trust region, stated at {@link ClipRange#REFERENCE_ELEMENTS}. */
    ClipRange clipRange();

    /** The same objective with another trust region, stated at {@link ClipRange#REFERENCE_ELEMENTS}. */
    Objective withClipRange(ClipRange clipRange);
}
