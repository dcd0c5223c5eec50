package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against transformers' CLIPModel; {@code tools/parity/clip/networks.py} wrote the models and what it makes of them. */
class ClipModelTest {

    private static final Device CPU = Device.cpu();
    private static final Path ROOT = Golden.ROOT.resolve("clip");

    private final Compute compute = Compute.on(CPU);

    @ParameterizedTest
    @ValueSource(strings = {"h", "l"})
    void embeddingsAreThoseOfTransformers(String kind) {
        try (ClipModel model = ClipModel.load(ROOT.resolve(kind), CPU, DType.FLOAT32);
                Golden golden = Golden.open("clip/" + kind + "/golden.safetensors")) {
            compute.inference(() -> {
                Tensor texts = model.textFeatures(Golden.rows(golden.tensor("ids")));
                Tensor images = model.imageFeatures(golden.tensor("pixels"));
                golden.assertClose("texts", texts, 1e-5);
                golden.assertClose("images", images, 1e-5);
                Tensor logits = normalized(images)
                        .matmul(normalized(texts).transpose(0, 1))
                        .mul(Math.exp(model.logitScale()));
                golden.assertClose("logits_per_image", logits, 1e-5);
                return true;
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"FLOAT16,5e-3", "BFLOAT16,4e-2"})
    void halfTypesStayNear(DType type, double tolerance) {
        try (ClipModel model = ClipModel.load(ROOT.resolve("h"), CPU, type);
                Golden golden = Golden.open("clip/h/golden.safetensors")) {
            compute.inference(() -> {
                golden.assertClose("images", model.imageFeatures(golden.tensor("pixels")), tolerance);
                golden.assertClose("texts", model.textFeatures(Golden.rows(golden.tensor("ids"))), tolerance);
                return true;
            });
            assertThat(model.logitScale()).as("kept in FLOAT32").isCloseTo(2.65, within(0.5));
        }
    }

    @Test
    void whatIsSavedIsWhatIsLoaded(@TempDir Path folder) {
        ClipConfig config = ClipConfig.read(ConfigFile.read(ROOT.resolve("l/config.json")));
        try (ClipModel made = ClipModel.initialize(config, CPU, 4)) {
            made.save(folder);
            try (ClipModel loaded = ClipModel.load(folder, CPU, DType.FLOAT32)) {
                assertThat(loaded.config()).isEqualTo(config);
                assertThat(loaded.state().keySet()).isEqualTo(made.state().keySet());
                assertThat(loaded.logitScale()).isEqualTo(made.logitScale()).isCloseTo(2.6592, within(1e-6));
            }
        }
    }

    @Test
    void theOldNameOfAConfigurationWins(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), """
                {"model_type": "clip", "projection_dim": 8,
                 "text_config": {"hidden_size": 64}, "text_config_dict": {"hidden_size": 32, "projection_dim": 5},
                 "vision_config": {"patch_size": 16}, "vision_config_dict": null}
                """);
        ClipConfig config = ClipConfig.read(ConfigFile.read(folder.resolve("config.json")));
        assertThat(config.text().hiddenSize()).isEqualTo(32);
        assertThat(config.text().projectionDim()).isEqualTo(8);
        assertThat(config.vision().patchSize()).isEqualTo(16);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model_type\": \"siglip\"} | model_type is 'siglip'",
                "{\"vision_config\": {\"hidden_act\": \"relu\"}} | vision_config.hidden_act is 'relu'",
                "{\"vision_config\": {\"patch_size\": 15}} | vision_config.image_size is no multiple of patch_size",
                "{\"vision_config\": {\"num_channels\": 1}} | vision_config.num_channels must be 3",
                "{\"vision_config\": {\"num_attention_heads\": 5}} | vision_config.hidden_size is no multiple",
                "{\"text_config\": 7} | text_config must be an object"
            })
    void refusesOtherConfigurationsInOneLine(String json, String complaint, @TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), json);
        assertThatThrownBy(() -> ClipModel.load(folder, CPU, DType.FLOAT32))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("config.json: " + complaint)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void refusesImagesOfAnotherSize() {
        try (ClipModel model = ClipModel.load(ROOT.resolve("h"), CPU, DType.FLOAT32)) {
            assertThatThrownBy(() -> compute.inference(
                            () -> model.imageFeatures(Tensor.zeros(CPU, DType.FLOAT32, 1, 3, 32, 32))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("[B, 3, 28, 28]");
        }
    }

    private static Tensor normalized(Tensor features) {
        return features.div(features.square().sum(true, 1).sqrt());
    }
}
