package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A pipeline's velocity with the prompts and their guidance (classifier-free: Ho and Salimans 2022) bound: the policy as sampling
 * and training see it. Both must use this one, or their importance ratios do not begin at 1.
 *
 * <p>Computes as diffusers does: under classifier-free guidance, unconditional and conditional velocity come from one
 * forward of twice the batch, the unconditional half first, and are joined to {@code v = u + scale (c - u)}.
 *
 * <p>Belongs to the {@linkplain dev.flowguard.tensor.Scope scope} that it was made in.
 */
public final class GuidedVelocity {

    private final FlowPipeline pipeline;
    private final Conditioning conditioning;
    private final double classifierFree;

    private GuidedVelocity(FlowPipeline pipeline, Conditioning conditioning, double classifierFree) {
        this.pipeline = pipeline;
        this.conditioning = conditioning;
        this.classifierFree = classifierFree;
    }

    /**
     * The policy for a batch of prompts, in the current scope.
     *
     * @param prompts one a member
     * @param guidance classifier-free guidance costs twice the work
     * @throws dev.flowguard.tensor.InputException if the model has no use for that guidance
     */
    public static GuidedVelocity of(FlowPipeline pipeline, List<String> prompts, Guidance guidance) {
        Guidance.Use use = pipeline.family().use(guidance);
        List<String> encoded = new ArrayList<>();
        if (use.classifierFree() != 1) {
            encoded.addAll(Collections.nCopies(prompts.size(), guidance.negativePrompt()));
        }
        encoded.addAll(prompts);
        Conditioning conditioning = pipeline.encode(encoded).withGuidanceScale(use.embedded());
        return new GuidedVelocity(pipeline, conditioning, use.classifierFree());
    }

    /**
     * The velocity v = dx/dt.
     *
     * @param latents [B, C, h, w], FLOAT32, one a prompt
     * @param sigma noise level in [0, 1]: 1 is pure noise
     * @return [B, C, h, w] in the current scope
     */
    public Tensor velocity(Tensor latents, double sigma) {
        if (classifierFree == 1) {
            return pipeline.velocity(latents, sigma, conditioning);
        }
        Tensor twice = Ops.concat(List.of(latents, latents), 0);
        List<Tensor> halves = pipeline.velocity(twice, sigma, conditioning).chunk(2, 0);
        Tensor unconditional = halves.get(0);
        return unconditional.add(halves.get(1).sub(unconditional).mul(classifierFree));
    }
}
