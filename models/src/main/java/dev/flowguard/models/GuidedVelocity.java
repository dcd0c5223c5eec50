package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A pipeline's velocity with the prompts and classifier-free guidance (Ho and Salimans 2022) bound: the policy as sampling
 * and training see it. Both must use this one, or their importance ratios do not begin at 1.
 *
 * <p>Computes as diffusers does: with a scale other than 1, unconditional and conditional velocity come from one forward of
 * twice the batch, the unconditional half first, and are joined to {@code v = u + scale (c - u)}.
 *
 * <p>Belongs to the {@linkplain dev.flowguard.tensor.Scope scope} that it was made in.
 */
public final class GuidedVelocity {

    private final FlowPipeline pipeline;
    private final Conditioning conditioning;
    private final double scale;

    private GuidedVelocity(FlowPipeline pipeline, Conditioning conditioning, double scale) {
        this.pipeline = pipeline;
        this.conditioning = conditioning;
        this.scale = scale;
    }

    /**
     * The policy for a batch of prompts, in the current scope.
     *
     * @param prompts one a member
     * @param negativePrompt what to steer away from; empty is the empty prompt
     * @param scale of the guidance; 1 for none, which costs half
     */
    public static GuidedVelocity of(FlowPipeline pipeline, List<String> prompts, String negativePrompt, double scale) {
        List<String> encoded = new ArrayList<>();
        if (scale != 1) {
            encoded.addAll(Collections.nCopies(prompts.size(), negativePrompt));
        }
        encoded.addAll(prompts);
        return new GuidedVelocity(pipeline, pipeline.encode(encoded), scale);
    }

    /**
     * The velocity v = dx/dt.
     *
     * @param latents [B, C, h, w], FLOAT32, one a prompt
     * @param sigma noise level in [0, 1]: 1 is pure noise
     * @return [B, C, h, w] in the current scope
     */
    public Tensor velocity(Tensor latents, double sigma) {
        if (scale == 1) {
            return pipeline.velocity(latents, sigma, conditioning);
        }
        Tensor twice = Ops.concat(List.of(latents, latents), 0);
        List<Tensor> halves = pipeline.velocity(twice, sigma, conditioning).chunk(2, 0);
        Tensor unconditional = halves.get(0);
        return unconditional.add(halves.get(1).sub(unconditional).mul(scale));
    }
}
