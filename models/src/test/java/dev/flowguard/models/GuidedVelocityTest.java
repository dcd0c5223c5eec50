package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuidedVelocityTest {

    private static final List<String> PROMPTS = List.of("a sign saying \"cat\"", "a sign");
    private static final double SIGMA = .6;

    @Test
    void steersFromTheNegativePromptByTheScale() {
        try (StableDiffusion3Pipeline pipeline = TinyPipeline.create(1)) {
            Compute.on(Device.cpu()).inference(() -> {
                Tensor latents = Noise.standardNormal(Device.cpu(), 5, 0, 2, 3, 4, 4);
                float[] conditional = plain(pipeline, PROMPTS, latents);
                float[] unconditional = plain(pipeline, List.of("", ""), latents);

                float[] guided = GuidedVelocity.of(pipeline, PROMPTS, Guidance.of(4.5))
                        .velocity(latents, SIGMA)
                        .toFloats();

                for (int i = 0; i < guided.length; i++) {
                    double expected = unconditional[i] + 4.5 * (conditional[i] - unconditional[i]);
                    assertThat(Math.abs(guided[i] - expected)).isLessThan(1e-4);
                }
                return true;
            });
        }
    }

    @Test
    void withoutGuidanceIsThePipelinesVelocityToTheLastBit() {
        try (StableDiffusion3Pipeline pipeline = TinyPipeline.create(1)) {
            Compute.on(Device.cpu()).inference(() -> {
                Tensor latents = Noise.standardNormal(Device.cpu(), 5, 0, 2, 3, 4, 4);

                assertThat(GuidedVelocity.of(pipeline, PROMPTS, new Guidance(1, 1, "ignored"))
                                .velocity(latents, SIGMA)
                                .toFloats())
                        .isEqualTo(plain(pipeline, PROMPTS, latents));
                return true;
            });
        }
    }

    private static float[] plain(FlowPipeline pipeline, List<String> prompts, Tensor latents) {
        return pipeline.velocity(latents, SIGMA, pipeline.encode(prompts)).toFloats();
    }
}
