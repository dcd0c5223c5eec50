package dev.flowguard.reward.ppocr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.reward.RewardConfigurationException;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With networks to which text is what is red, and to which green spells it: full is a, none is b, a middle one is no character. */
class PpOcrTest {

    private static final Path NETWORKS = Path.of("src/test/resources/onnx");
    private static final Path DETECTION = NETWORKS.resolve("text-detection.onnx");
    private static final Path RECOGNITION = NETWORKS.resolve("text-recognition.onnx");

    private final Path folder;
    private final Path dictionary;

    PpOcrTest(@TempDir Path folder) throws IOException {
        this.folder = folder;
        dictionary = Files.writeString(folder.resolve("dictionary.txt"), "a\nb\n");
    }

    @Test
    void readsLinesInReadingOrder() {
        BufferedImage image = blank(320, 160);
        spell(image, 200, 24, "ba");
        spell(image, 40, 28, "ab");
        spell(image, 60, 110, "bab");
        assertThat(read(image)).as("the first two are side by side").isEqualTo("ab" + "ba" + "bab");
    }

    @Test
    void readsALineThatStandsOnItsEnd() {
        BufferedImage lying = blank(160, 320);
        spell(lying, 40, 80, "ab");
        BufferedImage standing = new BufferedImage(320, 160, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < 160; y++) {
            for (int x = 0; x < 320; x++) {
                // A quarter turn with the clock: what PaddleOCR turns back.
                standing.setRGB(x, y, lying.getRGB(y, 319 - x));
            }
        }
        assertThat(read(standing)).isEqualTo("ab");
    }

    @Test
    void shrinksLargeImagesAndFindsTheLinesInThemAllTheSame() {
        BufferedImage image = blank(640, 320);
        spell(image, 200, 100, "ab");
        PpOcrProperties shrinking = new PpOcrProperties(DETECTION, RECOGNITION, dictionary, 320, 1);
        try (PpOcr ocr = PpOcr.open(shrinking)) {
            assertThat(ocr.read(image)).isEqualTo("ab");
        }
    }

    @Test
    void anImageWithoutTextReadsAsNothing() {
        assertThat(read(blank(64, 32))).isEmpty();
        assertThat(read(blank(1, 1))).isEmpty();
    }

    @Test
    void readsWithTheCharactersThatTheNetworkCarries() {
        BufferedImage image = blank(320, 160);
        spell(image, 40, 28, "ab");
        try (PpOcr carried = PpOcr.open(new PpOcrProperties(DETECTION, RECOGNITION, null, 960, 1));
                PpOcr named = PpOcr.open(properties(DETECTION, RECOGNITION, dictionary))) {
            assertThat(carried.read(image)).isEqualTo("ab");
            assertThat(carried.sha256()).isEqualTo(named.sha256());
        }
    }

    @Test
    void theDigestFollowsEveryFile() throws IOException {
        Path other = Files.writeString(folder.resolve("other.txt"), "b\na\n");
        try (PpOcr ocr = PpOcr.open(properties(DETECTION, RECOGNITION, dictionary));
                PpOcr swapped = PpOcr.open(properties(DETECTION, RECOGNITION, other))) {
            assertThat(ocr.sha256()).hasSize(32).isNotEqualTo(swapped.sha256());
        }
    }

    @Test
    void refusesToStartWithoutItsFilesOrWithFilesThatDoNotBelongTogether() throws IOException {
        assertThatThrownBy(() -> PpOcr.open(new PpOcrProperties(DETECTION, null, null, 960, 1)))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("flowguard.reward.ocr.pp-ocr.detection");
        Path large = Files.writeString(folder.resolve("large.txt"), "a\nb\nc\nd\n");
        for (PpOcrProperties wrong : List.of(
                properties(DETECTION, RECOGNITION, large),
                new PpOcrProperties(DETECTION, DETECTION, null, 960, 1),
                properties(RECOGNITION, RECOGNITION, dictionary),
                properties(DETECTION, DETECTION, dictionary),
                properties(DETECTION, RECOGNITION, folder.resolve("missing")),
                properties(dictionary, RECOGNITION, dictionary))) {
            assertThatThrownBy(() -> PpOcr.open(wrong))
                    .as("%s", wrong)
                    .isInstanceOf(RewardConfigurationException.class)
                    .hasMessageNotContaining("\n");
        }
    }

    private String read(BufferedImage image) {
        try (PpOcr ocr = PpOcr.open(properties(DETECTION, RECOGNITION, dictionary))) {
            return ocr.read(image);
        }
    }

    private static PpOcrProperties properties(Path detection, Path recognition, Path dictionary) {
        return new PpOcrProperties(detection, recognition, dictionary, 960, 1);
    }

    private static BufferedImage blank(int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        fill(image, 0, 0, width, height, new Color(0, 128, 0));
        return image;
    }

    /** Marks a line of 12 rows, and spells it around its middle so that the margin that is given back shows nothing else. */
    private static void spell(BufferedImage image, int left, int top, String letters) {
        int pitch = 30;
        for (int i = 0; i < letters.length(); i++) {
            int green = letters.charAt(i) == 'a' ? 255 : 0;
            fill(image, left + i * pitch, top - 8, 20, 28, new Color(0, green, 0));
        }
        int width = letters.length() * pitch - 10;
        for (int y = top; y < top + 12; y++) {
            for (int x = left; x < left + width; x++) {
                image.setRGB(x, y, image.getRGB(x, y) | 0xFF0000);
            }
        }
    }

    private static void fill(BufferedImage image, int left, int top, int width, int height, Color colour) {
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(colour);
        graphics.fillRect(left, top, width, height);
        graphics.dispose();
    }
}
