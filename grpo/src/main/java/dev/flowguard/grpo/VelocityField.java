package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/** A policy as the mathematics sees it: the network with its prompts, adapter and guidance already bound. */
@FunctionalInterface
public interface VelocityField {

    /**
     * The velocity v = dx/dt.
     *
     * @param latents x, {@code [B, C, H, W]}
     * @param sigma noise level t in (0, 1], the same for the whole batch
     * @return v of the shape of the latents, in the current scope
     */
    Tensor velocity(Tensor latents, double sigma);
}
