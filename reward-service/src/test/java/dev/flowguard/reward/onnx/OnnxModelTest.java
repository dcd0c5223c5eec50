package dev.flowguard.reward.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OnnxModelTest {

    private static final Path NETWORKS = Path.of("src/test/resources/onnx");

    @Test
    void givesWhatItsMakerWroteIntoTheFile() {
        try (OnnxModel model = OnnxModel.open(NETWORKS.resolve("text-recognition.onnx"), 1, Set.of())) {
            assertThat(model.metadata("character")).contains("a\nb");
            assertThat(model.metadata("beyond-the-bmp")).contains("\uD83D\uDEC0");
            assertThat(model.metadata("missing")).isEmpty();
        }
        try (OnnxModel bare = OnnxModel.open(NETWORKS.resolve("text-detection.onnx"), 1, Set.of())) {
            assertThat(bare.metadata("character")).isEmpty();
        }
    }
}
