package dev.flowguard.models;

import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;

/** The deterministic sampler of diffusers' flow-matching scheduler. */
final class Euler {

    private Euler() {}

    static Tensor sample(FlowPipeline pipeline, Tensor noise, float[] sigmas, List<String> prompts) {
        Conditioning conditioning = pipeline.encode(prompts);
        Tensor latents = noise;
        for (int i = 0; i + 1 < sigmas.length; i++) {
            try (Scope scope = Scope.open()) {
                Tensor velocity = pipeline.velocity(latents, sigmas[i], conditioning);
                latents = latents.add(velocity.mul((double) sigmas[i + 1] - sigmas[i]))
                        .keep();
            }
        }
        return latents;
    }
}
