package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Outputs and gradients against diffusers' FluxTransformer2DModel, with and without guidance embedding. */
class FluxTransformerTest {

    private static final double TOLERANCE = 1e-4;
    private static final Path FLUX = Golden.ROOT.resolve("flux");

    private final Compute compute = Compute.on(Device.cpu());

    @ParameterizedTest
    @ValueSource(strings = {"dev", "schnell"})
    void packedTokensLikeDiffusersWithEveryGradient(String variant) {
        try (FluxTransformer transformer = load(variant);
                Golden golden = Golden.open("flux/" + variant + "/transformer.safetensors")) {
            transformer.requireGradients();
            compute.training(() -> {
                Tensor sample = forward(transformer, golden, "");
                golden.assertClose("sample", sample, TOLERANCE);
                sample.mul(golden.tensor("weight")).mean().backward();
                golden.assertGradients(transformer.parameters());
                assertThat(transformer.parameters().keySet()).allMatch(name -> golden.has("grad." + name));
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dev", "schnell"})
    void positionsFarAwayAndPositionsOfTextLikeDiffusers(String variant) {
        try (FluxTransformer transformer = load(variant);
                Golden golden = Golden.open("flux/" + variant + "/transformer.safetensors")) {
            compute.inference(() -> {
                golden.assertClose("far_sample", forward(transformer, golden, "far_"), TOLERANCE);
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dev", "schnell"})
    void packsLatentsAsThePipelineDoes(String variant) {
        try (FluxTransformer transformer = load(variant);
                Golden golden = Golden.open("flux/" + variant + "/transformer.safetensors")) {
            compute.inference(() -> {
                Tensor timesteps = golden.tensor("timestep").mul(1000);
                golden.assertClose(
                        "velocity",
                        transformer.velocity(golden.tensor("latents"), timesteps, conditioning(golden)),
                        TOLERANCE);
                return true;
            });
        }
    }

    /** Times and guidance scales are rounded to bfloat16 on the way in; without that this is off by far more. */
    @ParameterizedTest
    @ValueSource(strings = {"dev", "schnell"})
    void computesInBfloat16WhereDiffusersDoes(String variant) {
        WeightOptions options = new WeightOptions(Device.cpu(), DType.BFLOAT16, null);
        try (FluxTransformer transformer =
                        FluxTransformer.load(FLUX.resolve(variant + "/pipeline/transformer"), options);
                Golden golden = Golden.open("flux/" + variant + "/transformer.safetensors")) {
            compute.inference(() -> {
                float[] expected = golden.floats("bfloat16_sample");
                float[] actual = forward(transformer, golden, "").toFloats();
                double largest = Golden.maxDifference(expected, new float[expected.length]);
                assertThat(Golden.maxDifference(expected, actual)).isLessThan(.03 * largest);
                return true;
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"dev,", "schnell,3.5"})
    void aGuidanceThatTheNetworkDoesNotTakeOrMissesIsRefused(String variant, @Nullable Double scale) {
        try (FluxTransformer transformer = load(variant);
                Golden golden = Golden.open("flux/" + variant + "/transformer.safetensors")) {
            assertThatThrownBy(() -> compute.inference(() -> transformer.velocity(
                            golden.tensor("latents"),
                            golden.tensor("timestep"),
                            conditioning(golden).withGuidanceScale(scale))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("guidance");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"patch_size\": 1 | \"patch_size\": 2 | patch_size must be 1",
                "\"in_channels\": 12 | \"in_channels\": 10 | in_channels is 10",
                "\"attention_head_dim\": 8 | \"attention_head_dim\": 16 | axes_dims_rope is [2, 2, 4]",
            })
    void aShapeThatCannotBeIsRefused(String from, String to, String complaint, @TempDir Path folder)
            throws IOException {
        String config = Files.readString(FLUX.resolve("dev/pipeline/transformer/config.json"));
        assertThat(config).contains(from);
        Path file = Files.writeString(folder.resolve("config.json"), config.replace(from, to));
        assertThatThrownBy(() -> FluxTransformerConfig.read(ConfigFile.read(file)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(complaint);
    }

    @Test
    void theConfigurationSurvivesItsFile(@TempDir Path folder) throws IOException {
        FluxTransformerConfig config =
                FluxTransformerConfig.read(ConfigFile.read(FLUX.resolve("dev/pipeline/transformer/config.json")));
        Path file = Files.write(folder.resolve("config.json"), ConfigFile.toJson(config.toJson()));
        assertThat(FluxTransformerConfig.read(ConfigFile.read(file))).isEqualTo(config);
    }

    private static Tensor forward(FluxTransformer transformer, Golden golden, String prefix) {
        return transformer.forward(
                golden.tensor("hidden_states"),
                golden.tensor("encoder_hidden_states"),
                golden.tensor("pooled_projections"),
                golden.tensor("timestep"),
                golden.tensor(prefix + "img_ids"),
                golden.tensor(prefix + "txt_ids"),
                golden.has(prefix + "guidance") ? golden.tensor(prefix + "guidance") : null);
    }

    private static Conditioning conditioning(Golden golden) {
        return new Conditioning(golden.tensor("encoder_hidden_states"), golden.tensor("pooled_projections"))
                .withGuidanceScale(golden.has("guidance") ? 3.5 : null);
    }

    private static FluxTransformer load(String variant) {
        return FluxTransformer.load(FLUX.resolve(variant + "/pipeline/transformer"), WeightOptions.on(Device.cpu()));
    }
}
