package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/**
 * The trust region of an importance ratio r, as bounds on its logarithm: {@code -lower <= log r <= upper}. The papers
 * write {@code 1 - c <= r <= 1 + c}; at their c of 1e-6 to 1e-4 the two agree to c/2 of c, and only the logarithm is
 * symmetric, scales, and keeps its bits near 1 in fp32.
 *
 * <p><b>Clip ranges belong to a latent size.</b> A log-ratio is a mean over D elements, so its spread falls as {@code
 * 1/sqrt(D)}, and a published c means something only together with the D it was tuned at. Recipes and presets state c at
 * {@link #REFERENCE_ELEMENTS}, SD3.5 at 512 x 512; each {@link Objective} derives the range for the batch it is given:
 *
 * <ul>
 *   <li>GRPO-Guard: {@code std(log r) = rms(delta) / sqrt(D)}, hence {@code c(D) = c sqrt(65536 / D)}: the same share of
 *       members is clipped after the same change of the policy.
 *   <li>Flow-GRPO: with the ratio's negative shift, the upper bound lies at least {@code sqrt(2 c D)} standard deviations
 *       away for every step and every change of the policy, hence {@code c(D) = c 65536 / D} keeps that distance: 3.6
 *       standard deviations for 1e-4.
 * </ul>
 *
 * @param lower how far log r may fall below 0, positive
 * @param upper how far it may rise above 0, positive
 */
public record ClipRange(double lower, double upper) {
    /** D of SD3.5 and of FLUX at 512 x 512: 16 channels of 64 x 64. */
    public static final long REFERENCE_ELEMENTS = 65_536;

    public ClipRange {
        if (!(lower > 0 && upper > 0 && Double.isFinite(lower) && Double.isFinite(upper))) {
            throw new InputException("clip range -" + lower + " to +" + upper
                    + "; both sides must be positive, 2e-6 for GRPO-Guard and 1e-4 for Flow-GRPO");
        }
    }

    /** The same distance on both sides. */
    public static ClipRange symmetric(double c) {
        return new ClipRange(c, c);
    }

    ClipRange scaled(double factor) {
        return new ClipRange(lower * factor, upper * factor);
    }
}
