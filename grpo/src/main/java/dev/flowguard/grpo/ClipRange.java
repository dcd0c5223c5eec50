package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;

/**
 * PPO's clip of an importance ratio r, as bounds on its logarithm: {@code -lower <= log r <= upper}, and
 *
 * <pre>{@code surrogate = min(r A, clip(r) A) }</pre>
 *
 * <p>The papers write {@code 1 - c <= r <= 1 + c}; at their c of 1e-6 to 1e-4 the two agree to c/2 of c, and only the
 * logarithm is symmetric and scales. {@link #ofRatio} is the range as printed.
 *
 * <p><b>Clip ranges belong to a latent size.</b> A log-ratio is a mean over D elements, so its spread falls as {@code
 * 1/sqrt(D)}, and a published c means something only together with the D it was tuned at. Recipes and presets state c at
 * {@link #REFERENCE_ELEMENTS}, SD3.5 at 512 x 512; each {@link ImportanceRatio} derives the range for the batch it is given:
 *
 * <ul>
 *   <li>GRPO-Guard: {@code std(log r) = rms(delta) / sqrt(D)}, hence {@code c(D) = c sqrt(65536 / D)}: the same share of
 *       members is clipped after the same change of the policy.
 *   <li>Flow-GRPO: with the ratio's negative shift, the upper bound lies at least {@code sqrt(2 c D)} standard deviations
 *       away for every step and every change of the policy, hence {@code c(D) = c 65536 / D} keeps that distance: 3.6
 *       standard deviations for 1e-4.
 * </ul>
 *
 * <p><b>Small ranges.</b> In fp32, r itself knows nothing between {@code 1 - 6e-8} and {@code 1 + 1.2e-7}. Here log r is
 * clipped, in fp64, from a product of differences, and what limits it is the rounding of the two fp32 means: some 1e-7 an
 * element, 4e-10 in RatioNorm's log r at the reference size and 1/s times that in the densities'. A range below {@link #SMALLEST} would clip that noise and is refused.
 *
 * @param lower how far log r may fall below 0
 * @param upper how far it may rise above 0
 */
public record ClipRange(double lower, double upper) implements TrustRegion {
    /** The smallest range that fp32 means can tell from none. */
    public static final double SMALLEST = 1e-8;

    /** D of SD3.5 and of FLUX at 512 x 512: 16 channels of 64 x 64. */
    public static final long REFERENCE_ELEMENTS = 65_536;

    public ClipRange {
        if (!(lower >= SMALLEST && upper >= SMALLEST && Double.isFinite(lower) && Double.isFinite(upper))) {
            throw new InputException("clip range -" + lower + " to +" + upper
                    + "; both sides must be finite and at least "
                    + SMALLEST + ", below which fp32 rounding alone leaves the range; 2e-6 for GRPO-Guard and 1e-4 for"
                    + " Flow-GRPO");
        }
    }

    /** The same distance on both sides. */
    public static ClipRange symmetric(double c) {
        return new ClipRange(c, c);
    }

    /**
     * The range as papers print it, {@code 1 - below <= r <= 1 + above}.
     *
     * @param below in (0, 1)
     * @param above positive
     */
    public static ClipRange ofRatio(double below, double above) {
        return new ClipRange(-Math.log1p(-below), Math.log1p(above));
    }

    @Override
    public Tensor surrogate(PolicyChange change, Tensor logRatio, double scale) {
        Tensor advantages = change.advantages();
        Tensor free = logRatio.exp().mul(advantages);
        Tensor clipped = logRatio.clamp(-lower * scale, upper * scale).exp().mul(advantages);
        return free.minimum(clipped);
    }

    @Override
    public Side side(double logRatio, double divergence, double scale) {
        if (logRatio > upper * scale) {
            return Side.ABOVE;
        }
        return logRatio < -lower * scale ? Side.BELOW : Side.INSIDE;
    }
}
