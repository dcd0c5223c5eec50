package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;
import java.util.List;

/**
 * One trained step as it was sampled: all that training needs of it. The tensors are fp32, {@code [rows, C, H, W]}.
 *
 * @param transition the step's scalars
 * @param members who took it, rising
 * @param from which row of {@code latents} and {@code mean} each of these members left from; several where they share it
 * @param latents x, where it began: each distinct latent once, in the batch that the policy was given
 * @param next x', where it led, one row a member of {@code members}; the same object as {@code latents} of the following
 *     step where all of them go on together
 * @param mean of the Gaussian that x' was drawn from, under the policy that sampled; rows as {@code latents}
 */
public record StochasticStep(
        Transition transition, List<Integer> members, RowSelection from, Tensor latents, Tensor next, Tensor mean) {

    public StochasticStep {
        members = List.copyOf(members);
    }
}
