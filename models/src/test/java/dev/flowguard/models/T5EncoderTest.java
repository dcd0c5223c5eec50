package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class T5EncoderTest {

    private static final Path FOLDER = Golden.ROOT.resolve("sd35/medium/pipeline/text_encoder_3");
    private static final double TOLERANCE = 1e-4;

    private final Compute compute = Compute.on(Device.cpu());

    @Test
    void statesAndGradientsEqualThoseOfTransformers() {
        try (T5Encoder encoder = load();
                Golden golden = Golden.open("sd35/medium/text_encoder_3.safetensors")) {
            encoder.requireGradients();
            compute.training(() -> {
                Tensor states = encoder.encode(Golden.rows(golden.tensor("ids")));
                golden.assertClose("states", states, TOLERANCE);
                states.mul(golden.tensor("weight")).mean().backward();
                golden.assertGradients(encoder.parameters());
                assertThat(encoder.parameters().keySet()).allMatch(name -> golden.has("grad." + name));
                return true;
            });
        }
    }

    @Test
    void aMaskHidesTokensAsInTransformers() {
        try (T5Encoder encoder = load();
                Golden golden = Golden.open("sd35/medium/text_encoder_3.safetensors")) {
            compute.inference(() -> {
                List<long[]> ids = Golden.rows(golden.tensor("ids"));
                List<long[]> mask = Golden.rows(golden.tensor("mask"));
                golden.assertClose("states_masked", encoder.encode(ids, mask), TOLERANCE);
                return true;
            });
        }
    }

    /** In FLOAT16 transformers keeps one layer, and the sum that runs through all, in FLOAT32: so must this. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT16", "BFLOAT16"})
    void halfTypesComeCloseAndDoNotOverflow(DType type) {
        try (T5Encoder encoder = T5Encoder.load(FOLDER, new WeightOptions(Device.cpu(), type, null));
                Golden golden = Golden.open("sd35/medium/text_encoder_3.safetensors")) {
            Tensor narrow = encoder.parameters().get("encoder.block.0.layer.1.DenseReluDense.wo.weight");
            Tensor scaled = encoder.parameters().get("encoder.block.0.layer.1.DenseReluDense.wi_1.weight");
            assertThat(narrow).isNotNull();
            assertThat(scaled).isNotNull();
            if (narrow == null || scaled == null) {
                return;
            }
            compute.inference(() -> {
                Tensor states = encoder.encode(Golden.rows(golden.tensor("ids")));
                golden.assertClose("states", states, 0.1);
                narrow.assign(narrow.mul(1e3));
                scaled.assign(scaled.mul(1e3));
                assertThat(encoder.encode(Golden.rows(golden.tensor("ids"))).allFinite())
                        .isTrue();
                return true;
            });
        }
    }

    @Test
    void refusesIdsOutsideOfTheTable() {
        try (T5Encoder encoder = load()) {
            int size = encoder.config().vocabSize();
            compute.inference(() -> {
                for (long bad : new long[] {-1, size}) {
                    assertThatThrownBy(() -> encoder.encode(List.of(new long[] {0, bad})))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("token id " + bad);
                }
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"encoder.embed_tokens.weight", "shared.weight,encoder.embed_tokens.weight"})
    void theTableOfTokensIsFoundUnderItsOtherName(String names, @TempDir Path folder) throws IOException {
        Files.copy(FOLDER.resolve("config.json"), folder.resolve("config.json"));
        try (Scope scope = Scope.open();
                SafetensorsFile file = SafetensorsFile.open(FOLDER.resolve("model.safetensors"))) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (String name : file.names()) {
                tensors.put(name, file.read(name, Device.cpu()));
            }
            Tensor table = tensors.remove("shared.weight");
            for (String name : names.split(",", -1)) {
                tensors.put(name, table);
            }
            Safetensors.write(folder.resolve("model.safetensors"), tensors, Map.of());
        }
        try (T5Encoder original = load();
                T5Encoder renamed = T5Encoder.load(folder, WeightOptions.on(Device.cpu()))) {
            List<long[]> ids = List.of(new long[] {5, 1, 0});
            compute.inference(() -> {
                assertThat(renamed.encode(ids).toFloats())
                        .isEqualTo(original.encode(ids).toFloats());
                return true;
            });
            assertThat(renamed.parameters().keySet())
                    .isEqualTo(original.parameters().keySet());
        }
    }

    @Test
    void theConfigurationSurvivesWriting(@TempDir Path folder) throws IOException {
        T5Config config = T5Config.read(ConfigFile.read(FOLDER.resolve("config.json")));
        Files.write(folder.resolve("config.json"), ConfigFile.toJson(config.toJson()));

        assertThat(T5Config.read(ConfigFile.read(folder.resolve("config.json"))))
                .isEqualTo(config);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "{}                                                            ~ feed_forward_proj is 'relu'",
                "{\"feed_forward_proj\":\"gated-silu\"}                        ~ only 'gated-gelu' is supported",
                "{\"feed_forward_proj\":\"gated-gelu\",\"model_type\":\"umt5\"}  ~ model_type is 'umt5'",
                "{\"feed_forward_proj\":\"gated-gelu\",\"num_heads\":0}        ~ num_heads must be from 1",
                "{\"feed_forward_proj\":\"gated-gelu\",\"relative_attention_num_buckets\":6} ~ no multiple of 4",
                "{\"feed_forward_proj\":\"gated-gelu\",\"relative_attention_max_distance\":8} ~ must be greater",
            })
    void otherKindsAreRefusedByName(String json, String complaint, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("config.json"), json);

        assertThatThrownBy(() -> T5Config.read(ConfigFile.read(file)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(complaint);
    }

    private static T5Encoder load() {
        return T5Encoder.load(FOLDER, WeightOptions.on(Device.cpu()));
    }
}
