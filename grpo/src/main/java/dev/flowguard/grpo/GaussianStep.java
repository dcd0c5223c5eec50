package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;
import java.util.Arrays;

/**
 * The distribution of one stochastic step, N(mean, s^2 I), for a batch of members; {@code mean} is {@code [B, C, H, W]}
 * and every result is {@code [B]} in fp64.
 *
 * <p>Everything is averaged, not summed, over the D latent elements: all published clip ranges, KL weights and thresholds
 * presuppose that. With {@code x' = mean_old + s noise} and {@code delta = mean_new - mean_old},
 *
 * <pre>{@code
 * log p_new(x') - log p_old(x') = mean(noise delta) / s - mean(delta^2) / (2 s^2)
 * }</pre>
 *
 * <p>Elements are subtracted and multiplied in the dtype of the means and summed in fp64. No method subtracts two
 * log-probabilities: at the first steps of SD3.5 that loses 3 % of the signal in fp32 where a product of differences
 * loses nothing that matters.
 */
record GaussianStep(Tensor mean, double s) {
    private static final double HALF_LOG_TWO_PI = .5 * Math.log(2 * Math.PI);

    GaussianStep {
        if (!(s > 0)) {
            throw new IllegalArgumentException("a step with s = " + s + " has no density");
        }
    }

    /** {@code mean(-(x' - mean)^2 / (2 s^2)) - ln s - ln(2 pi)/2}. */
    Tensor logProbability(Tensor next) {
        return average(next.sub(mean).square()).mul(-1 / (2 * s * s)).add(-Math.log(s) - HALF_LOG_TWO_PI);
    }

    /**
     * {@code log p_this(x') - log p_old(x')} as a difference of quadratics, {@code mean(delta (2 (x' - mean_old) -
     * delta)) / (2 s^2)}; exactly 0 where the means are equal.
     */
    Tensor logRatio(GaussianStep old, Tensor next) {
        Tensor delta = differenceTo(old);
        Tensor twice = next.sub(old.mean).mul(2).sub(delta);
        return average(delta.mul(twice)).mul(1 / (2 * s * s));
    }

    /**
     * RatioNorm: the log-ratio less its expectation, times s, {@code mean(noise delta) = <x' - mean_old, delta> / (D s)};
     * exactly 0 where the means are equal.
     */
    Tensor normalisedLogRatio(GaussianStep old, Tensor next) {
        Tensor delta = differenceTo(old);
        return average(next.sub(old.mean).mul(delta)).mul(1 / s);
    }

    /** KL(this || other) of two steps of the same s, {@code mean((mean - mean_other)^2) / (2 s^2)}. */
    Tensor divergence(GaussianStep other) {
        return average(differenceTo(other).square()).mul(1 / (2 * s * s));
    }

    /** The Euclidean norm of {@code x' - mean}. */
    Tensor distanceTo(Tensor next) {
        double latentElements = (double) next.elementCount() / next.size(0);
        return average(next.sub(mean).square()).mul(latentElements).sqrt();
    }

    private Tensor differenceTo(GaussianStep other) {
        if (s != other.s || !Arrays.equals(mean.shape(), other.mean.shape())) {
            // Broadcasting would compare a member with another one's mean, and not say so.
            throw new IllegalArgumentException("steps " + Arrays.toString(mean.shape()) + ", s = " + s + " and "
                    + Arrays.toString(other.mean.shape()) + ", s = " + other.s + " are not of the same batch");
        }
        return mean.sub(other.mean);
    }

    // INVARIANT: never over the batch. A member's ratio depends on that member alone; the published GRPO-Guard script
    // averages its bias over the batch and so lets members shift each other's ratios.
    private static Tensor average(Tensor elements) {
        long batch = elements.size(0);
        long latentElements = elements.elementCount() / batch;
        return elements.reshape(batch, latentElements).sumFloat64(1).mul(1.0 / latentElements);
    }
}
