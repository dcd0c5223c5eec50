package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class GradientCheckpointingTest {

    private static final Device CPU = Device.cpu();

    private final Compute compute = Compute.on(CPU);

    @Test
    void allParametersOfSd3GetTheSameGradients() {
        try (StableDiffusion3Pipeline pipeline = TinyPipeline.create(3)) {
            Sd3Transformer transformer = pipeline.transformer();
            transformer.requireGradients();
            requireSameGradients(transformer, transformer.parameters(), () -> sd3(transformer.config()));
        }
    }

    @Test
    void anAdapterGetsTheSameGradients() {
        try (StableDiffusion3Pipeline pipeline = TinyPipeline.create(3);
                LoraAdapter adapter =
                        pipeline.transformer().attachAdapter(new LoraConfig(4, 8, LoraConfig.SD3_ATTENTION), 1)) {
            compute.inference(() -> {
                adapter.parameters()
                        .forEach((name, tensor) ->
                                tensor.assign(Noise.standardNormal(CPU, name.hashCode(), 0, tensor.shape())));
                return 0;
            });
            Sd3Transformer transformer = pipeline.transformer();
            requireSameGradients(transformer, adapter.parameters(), () -> sd3(transformer.config()));
        }
    }

    @Test
    void allParametersOfFluxGetTheSameGradients() {
        Path folder = Golden.ROOT.resolve("flux/dev/pipeline/transformer");
        try (FluxTransformer transformer = FluxTransformer.load(folder, WeightOptions.on(CPU))) {
            transformer.requireGradients();
            requireSameGradients(transformer, transformer.parameters(), () -> flux(transformer.config()));
        }
    }

    private record Batch(Tensor latents, Conditioning conditioning) {}

    private static Batch sd3(Sd3TransformerConfig config) {
        return new Batch(
                Noise.standardNormal(CPU, 1, 0, 2, config.inChannels(), 4, 6),
                new Conditioning(
                        Noise.standardNormal(CPU, 1, 1, 2, 3, config.jointAttentionDim()),
                        Noise.standardNormal(CPU, 1, 2, 2, config.pooledProjectionDim()),
                        7)); // an attention bias, which lives no longer than the forward pass
    }

    private static Batch flux(FluxTransformerConfig config) {
        return new Batch(
                Noise.standardNormal(CPU, 1, 0, 2, config.latentChannels(), 4, 6),
                new Conditioning(
                                Noise.standardNormal(CPU, 1, 1, 2, 3, config.jointAttentionDim()),
                                Noise.standardNormal(CPU, 1, 2, 2, config.pooledProjectionDim()))
                        .withGuidanceScale(3.5));
    }

    private void requireSameGradients(
            FlowTransformer transformer, Map<String, Tensor> parameters, Supplier<Batch> batches) {
        Map<String, float[]> plain = pass(transformer, parameters, batches);
        transformer.enableGradientCheckpointing();
        Map<String, float[]> checkpointed = pass(transformer, parameters, batches);
        assertThat(checkpointed.get("velocity")).containsExactly(plain.get("velocity"));
        assertThat(checkpointed).hasSameSizeAs(plain).hasSizeGreaterThan(1);
        plain.forEach((name, expected) -> {
            float largest = 0;
            for (float value : expected) {
                largest = Math.max(largest, Math.abs(value));
            }
            assertThat(checkpointed.get(name))
                    .as(name)
                    .containsExactly(expected, within(Math.max(1e-6f * largest, Float.MIN_NORMAL)));
        });
    }

    /** The gradients by name, and the velocity itself. */
    private Map<String, float[]> pass(
            FlowTransformer transformer, Map<String, Tensor> parameters, Supplier<Batch> batches) {
        return compute.training(() -> {
            Batch batch = batches.get();
            Tensor times = Tensor.of(CPU, new float[] {900, 400}, 2);
            Tensor velocity = transformer.velocity(batch.latents(), times, batch.conditioning());
            velocity.square().mean().backward();
            Map<String, float[]> gradients = new LinkedHashMap<>();
            gradients.put("velocity", velocity.toFloats());
            parameters.forEach((name, tensor) -> {
                Tensor gradient = tensor.gradient();
                if (gradient != null) { // absent where the velocity does not depend on it
                    gradients.put(name, gradient.toFloats());
                    tensor.zeroGradient();
                }
            });
            return gradients;
        });
    }
}
