package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/**
 * The loss of a micro-batch.
 *
 * @param perMember {@code [B]}, fp64, with the graph of the policy's mean
 * @param diagnostics what was seen on the way
 */
public record StepLoss(Tensor perMember, StepDiagnostics diagnostics) {

    /**
     * This micro-batch's part of an average, a scalar to call {@code backward()} on. All parts of one optimizer step add
     * up to the mean over its (member, step) tuples, so how they are cut into micro-batches changes nothing.
     *
     * @param tuples number of tuples of the whole optimizer step: members times trained steps
     */
    public Tensor averagedOver(long tuples) {
        if (tuples < perMember.elementCount()) {
            throw new IllegalArgumentException(
                    "an optimizer step of " + tuples + " tuples cannot hold " + perMember.elementCount());
        }
        return perMember.sum().mul(1.0 / tuples);
    }
}
