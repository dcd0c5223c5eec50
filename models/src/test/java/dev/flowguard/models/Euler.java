package dev.flowguard.models;

import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;

/** The deterministic sampler of diffusers' flow-matching scheduler. */
final class Euler {

    private Euler() {}

    static Tensor sample(FlowPipeline pipeline, Tensor noise, float[] sigmas, List<String> prompts) {
        return sample(GuidedVelocity.of(pipeline, prompts, Guidance.NONE), noise, sigmas);
    }

    static Tensor sample(GuidedVelocity policy, Tensor noise, float[] sigmas) {
        Tensor latents = noise;
        for (int i = 0; i + 1 < sigmas.length; i++) {
            try (Scope scope = Scope.open()) {
                Tensor velocity = policy.velocity(latents, sigmas[i]);
                latents = latents.add(velocity.mul((double) sigmas[i + 1] - sigmas[i]))
                        .keep();
            }
        }
        return latents;
    }

    /** The noise levels of a pipeline, and 0. */
    static float[] sigmas(NoiseRange range, int steps) {
        float[] sigmas = new float[steps + 1];
        for (int i = 0; i < steps; i++) {
            double level = 1 + i * (range.lowest() - 1) / (steps - 1);
            sigmas[i] = (float) (range.shift() * level / (1 + (range.shift() - 1) * level));
        }
        return sigmas;
    }
}
