package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;

/**
 * A normal distribution of latents with a diagonal covariance.
 *
 * @param mean [B, C, h, w]
 * @param logVariance [B, C, h, w], within [-30, 20]
 */
public record LatentDistribution(Tensor mean, Tensor logVariance) {

    /** mean + std·noise, for standard normal noise [B, C, h, w]. */
    public Tensor sample(Tensor noise) {
        return mean.add(logVariance.mul(0.5).exp().mul(noise));
    }

    /** KL divergence to the standard normal distribution, mean over all elements. */
    public Tensor klPerElement() {
        return mean.square()
                .add(logVariance.exp())
                .sub(1)
                .sub(logVariance)
                .mul(0.5)
                .mean();
    }

    /** Moves both tensors one {@linkplain dev.flowguard.tensor.Scope scope} out. */
    public LatentDistribution keep() {
        mean.keep();
        logVariance.keep();
        return this;
    }
}
