package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/**
 * One stochastic step as it was sampled: all that training needs of it. The tensors are fp32, {@code [B, C, H, W]}, one
 * row a member.
 *
 * @param transition the step's scalars
 * @param latents x, where it began
 * @param next x', where it led; the same object as {@code latents} of the following step where that is stochastic too
 * @param mean of the Gaussian that x' was drawn from, under the policy that sampled
 */
public record StochasticStep(Transition transition, Tensor latents, Tensor next, Tensor mean) {}
