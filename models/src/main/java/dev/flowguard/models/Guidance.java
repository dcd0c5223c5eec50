package dev.flowguard.models;

import org.jspecify.annotations.Nullable;

/**
 * How far prompts are followed, in the words of diffusers' pipelines. What of it a model has a use for is its
 * {@link ModelFamily}'s to say.
 *
 * @param scale {@code guidance_scale}: classifier-free guidance in Stable Diffusion 3, an input of the network in FLUX.1-dev;
 *     1 for none
 * @param trueCfgScale {@code true_cfg_scale}: classifier-free guidance in FLUX; 1 for none
 * @param negativePrompt what classifier-free guidance steers away from; empty is the empty prompt
 */
public record Guidance(double scale, double trueCfgScale, String negativePrompt) {

    /** No guidance of any kind. */
    public static final Guidance NONE = new Guidance(1, 1, "");

    /** Guidance by {@code guidance_scale} alone, away from the empty prompt where it is classifier-free. */
    public static Guidance of(double scale) {
        return new Guidance(scale, 1, "");
    }

    /**
     * What becomes of it in a model.
     *
     * @param classifierFree scale of the step from the unconditional to the conditional velocity; 1 for none
     * @param embedded what the network's guidance embedding is given; null if it has none
     */
    record Use(double classifierFree, @Nullable Double embedded) {}
}
