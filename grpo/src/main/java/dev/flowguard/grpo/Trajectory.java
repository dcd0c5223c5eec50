package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;
import java.util.List;

/**
 * What the denoising loop leaves: its stochastic steps, and the latents that become images. The tensors belong to the
 * scope in which the sampler was called.
 *
 * @param stochasticSteps by rising step; empty for a deterministic trajectory
 * @param finalLatents {@code [B, C, H, W]}, fp32
 */
public record Trajectory(List<StochasticStep> stochasticSteps, Tensor finalLatents) {

    public Trajectory {
        stochasticSteps = List.copyOf(stochasticSteps);
    }
}
