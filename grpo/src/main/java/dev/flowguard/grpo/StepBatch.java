package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * A micro-batch: the same stochastic step of B members, as it was sampled. The tensors are {@code [B, C, H, W]}, fp32,
 * without a graph.
 *
 * @param transition the step's scalars
 * @param weight w of the step, outside the trust region: {@link StepWeight}
 * @param members whose rows these are, in order
 * @param next x', where the step led
 * @param oldMean mean of the step under the policy that sampled
 */
public record StepBatch(
        Transition transition, double weight, List<TrainedMember> members, Tensor next, Tensor oldMean) {

    public StepBatch {
        members = List.copyOf(members);
        if (!transition.stochastic()) {
            throw new IllegalArgumentException("step " + transition.step() + " adds no noise and cannot be trained");
        }
        if (!(weight > 0 && Double.isFinite(weight))) {
            throw new IllegalArgumentException("step " + transition.step() + ": weight is " + weight);
        }
        if (next.size(0) != members.size() || !Arrays.equals(next.shape(), oldMean.shape())) {
            throw new IllegalArgumentException("step " + transition.step() + ": " + members.size()
                    + " members, next latents " + Arrays.toString(next.shape()) + ", old means "
                    + Arrays.toString(oldMean.shape()));
        }
    }

    /** D, the number of latent elements of one member. */
    public long latentElements() {
        return next.elementCount() / members.size();
    }
}
