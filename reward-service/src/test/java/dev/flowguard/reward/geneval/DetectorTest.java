package dev.flowguard.reward.geneval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.clip.ClipProperties;
import dev.flowguard.reward.onnx.ChannelOrder;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * With the tiny networks of {@code tools/parity/rewards/onnx_models.py} and {@code torchscript_detectors.py}, whose outputs can be seen in the
 * image.
 */
class DetectorTest {

    private static final Path NETWORKS = Path.of("src/test/resources/onnx");

    private final Path folder;

    DetectorTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @ParameterizedTest
    @ValueSource(strings = {"detector.onnx", "../torchscript/detector.pt", "../torchscript/tuple-detector.pt"})
    void readsBoxesScoresLabelsAndMasks(String file) {
        try (Detector detector = open(file, ClassNames.coco())) {
            List<Detection> seen = detector.detect(image(), true);
            assertThat(seen).extracting(Detection::object).containsExactly("person", "dog", "person");
            assertThat(seen).extracting(Detection::score).containsExactly(1f, .8f, .2f);
            assertThat(seen)
                    .extracting(Detection::box)
                    .containsExactly(new Box(0, 0, 2, 2), new Box(4, 0, 6, 2), new Box(4, 2, 8, 4));
            Mask mask = seen.get(1).mask().orElseThrow();
            assertThat(mask.covers(0, 1)).isFalse();
            assertThat(mask.covers(7, 3)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"detector.onnx", "../torchscript/detector.pt"})
    void leavesMasksAloneThatNobodyWants(String file) {
        try (Detector detector = open(file, ClassNames.coco())) {
            assertThat(detector.detect(image(), false))
                    .extracting(Detection::mask)
                    .containsOnly(Optional.empty());
        }
    }

    @Test
    void stretchesTheImageToAFixedSizeAndTheBoxesBack() throws Exception {
        Path names = Files.writeString(folder.resolve("names.txt"), "\n".repeat(80) + "kite\n");
        try (Detector detector = open("fixed-detector.onnx", ClassNames.read(names))) {
            BufferedImage blue = new BufferedImage(64, 128, BufferedImage.TYPE_3BYTE_BGR);
            for (int y = 0; y < 128; y++) {
                for (int x = 0; x < 64; x++) {
                    blue.setRGB(x, y, 0x000033);
                }
            }
            Detection kite = detector.detect(blue, true).get(0);
            assertThat(kite.object()).isEqualTo("kite");
            assertThat(kite.score()).isCloseTo(.2f, within(1e-6f));
            assertThat(kite.box()).isEqualTo(new Box(0, 0, 64, 128));
            assertThat(kite.mask()).as("it has none").isEmpty();
        }
    }

    @Test
    void refusesDetectorsWhoseOutputsDoNotFit() {
        assertThatThrownBy(() -> open("fixed-detector.onnx", ClassNames.coco()))
                .as("a label without a name")
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("the label 80");
        assertThatThrownBy(() -> open("misfit-detector.onnx", ClassNames.coco()))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("[1, 4]");
        assertThatThrownBy(() -> open("../torchscript/unlabelled-detector.pt", ClassNames.coco()))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("no labels");
    }

    @Test
    void anImageThatTheNetworkFailsOnIsAnError() {
        try (Detector detector = open("../torchscript/choosy-detector.pt", ClassNames.coco())) {
            assertThatThrownBy(() -> detector.detect(image(), true))
                    .isInstanceOf(DetectorException.class)
                    .hasMessageContainingAll("choosy-detector.pt", "too wide")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void refusesFilesThatAreNoDetectors() throws Exception {
        Path text = Files.writeString(folder.resolve("text.onnx"), "no network");
        for (Path file : List.of(
                text,
                Files.createFile(folder.resolve("empty.onnx")),
                Files.writeString(folder.resolve("text.pt"), "no network"),
                Files.createFile(folder.resolve("empty.torchscript")),
                folder.resolve("missing.pt"),
                folder.resolve("missing.onnx"),
                NETWORKS.resolve("two-inputs.onnx"))) {
            assertThatThrownBy(() -> Detector.open(file, ClassNames.coco(), properties(file)))
                    .isInstanceOf(RewardConfigurationException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void cocosNamesAreGenEvals() {
        ClassNames names = ClassNames.coco();
        assertThat(names.size()).isEqualTo(80);
        assertThat(names.of(0)).isEqualTo("person");
        assertThat(names.of(64)).isEqualTo("computer mouse");
        assertThat(names.of(79)).isEqualTo("toothbrush");
    }

    /** 8 x 4 pixels, which the detector sees as they are. Red of the first pixels is the scores, green the right half. */
    static BufferedImage image() {
        BufferedImage image = new BufferedImage(8, 4, BufferedImage.TYPE_3BYTE_BGR);
        int[] scores = {255, 204, 51, 255};
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 8; x++) {
                int red = y == 0 && x < scores.length ? scores[x] : 0;
                image.setRGB(x, y, red << 16 | (x < 4 ? 0 : 255) << 8);
            }
        }
        return image;
    }

    static GenEvalProperties properties(Path detector) {
        return new GenEvalProperties(
                detector,
                null,
                new ClipProperties(null, null, "cpu", "float32"),
                GenEvalProperties.Score.TRAINING,
                false,
                4,
                8,
                List.of(0f, 0f, 0f),
                List.of(255f, 255f, 255f),
                ChannelOrder.RGB,
                1);
    }

    private static Detector open(String name, ClassNames names) {
        Path file = NETWORKS.resolve(name).normalize();
        return Detector.open(file, names, properties(file));
    }
}
