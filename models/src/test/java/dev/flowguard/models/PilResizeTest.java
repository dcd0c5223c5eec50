package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Rectangle;
import java.io.IOException;
import java.nio.file.Files;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Against Pillow and torch; {@code tools/parity/clip/resize.py} wrote what they make. */
class PilResizeTest {

    @ParameterizedTest
    @MethodSource("cases")
    void everySampleIsPillows(JsonNode golden) {
        RgbImage resized = resize(golden).apply(image(golden));
        assertThat(DigestUtils.sha256Hex(resized.samples()))
                .isEqualTo(golden.get("sha256").stringValue());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void unroundedIsTorchs(JsonNode golden) {
        if (!golden.has("unrounded")) {
            return;
        }
        float[] values = resize(golden).applyUnrounded(image(golden));
        JsonNode expected = golden.get("unrounded");
        for (int i = 0; i < expected.size(); i++) {
            assertThat(values[7 * i])
                    .as("value %d", 7 * i)
                    .isCloseTo((float) expected.get(i).doubleValue(), within(1e-5f));
        }
    }

    @Test
    void aPartIsCutFromTheWhole() {
        RgbImage image = noise(61, 37, 5);
        PilResize resize = new PilResize(40, 90, PilFilter.BICUBIC);
        RgbImage whole = resize.apply(image);
        Rectangle part = new Rectangle(7, 33, 20, 21);
        byte[] expected = new byte[20 * 21 * 3];
        for (int y = 0; y < part.height; y++) {
            System.arraycopy(whole.samples(), ((33 + y) * 40 + 7) * 3, expected, y * 20 * 3, 20 * 3);
        }
        assertThat(resize.apply(image, part).samples()).isEqualTo(expected);
    }

    @Test
    void anUnroundedPartIsCutFromTheWhole() {
        RgbImage image = noise(61, 37, 5);
        PilResize resize = new PilResize(40, 90, PilFilter.BILINEAR);
        float[] whole = resize.applyUnrounded(image);
        Rectangle part = new Rectangle(7, 33, 20, 21);
        float[] expected = new float[3 * 21 * 20];
        for (int row = 0; row < 3 * part.height; row++) {
            int from = (row / part.height * 90 + 33 + row % part.height) * 40 + 7;
            System.arraycopy(whole, from, expected, row * 20, 20);
        }
        assertThat(resize.applyUnrounded(image, part)).isEqualTo(expected);
    }

    @Test
    void aPartOfAHugeResultTakesTheTimeOfThePart() {
        RgbImage line = noise(1, 2000, 6);
        PilResize resize = new PilResize(224, 448_000, PilFilter.BICUBIC);
        Rectangle middle = new Rectangle(0, 223_888, 224, 224);
        assertThat(resize.apply(line, middle).samples()).hasSize(224 * 224 * 3);
        assertThat(resize.applyUnrounded(line, middle)).hasSize(224 * 224 * 3);
    }

    @Test
    void refusesWhatIsNoImageOrNoPart() {
        assertThatThrownBy(() -> new PilResize(0, 3, PilFilter.BICUBIC)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RgbImage(2, 2, new byte[11])).isInstanceOf(IllegalArgumentException.class);
        PilResize resize = new PilResize(4, 4, PilFilter.BICUBIC);
        RgbImage image = noise(2, 2, 1);
        assertThatThrownBy(() -> resize.apply(image, new Rectangle(1, 1, 4, 4)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> resize.apply(image, new Rectangle(0, 0, 0, 4)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Stream<JsonNode> cases() throws IOException {
        JsonNode cases = new JsonMapper().readTree(Files.readAllBytes(Golden.ROOT.resolve("resize.json")));
        assertThat(cases.size()).isGreaterThan(40);
        return StreamSupport.stream(cases.spliterator(), false);
    }

    private static PilResize resize(JsonNode golden) {
        return new PilResize(
                golden.get("to_width").intValue(),
                golden.get("to_height").intValue(),
                PilFilter.valueOf(golden.get("filter").stringValue()));
    }

    private static RgbImage image(JsonNode golden) {
        return noise(
                golden.get("width").intValue(),
                golden.get("height").intValue(),
                golden.get("seed").intValue());
    }

    /** The hash that resize.py makes the same images by. */
    private static RgbImage noise(int width, int height, int seed) {
        byte[] samples = new byte[width * height * 3];
        for (int i = 0; i < samples.length; i++) {
            int hash = (i / 3 % width * 73856093) ^ (i / 3 / width * 19349663) ^ (i % 3 * 83492791) ^ (seed * 40503);
            hash = (hash ^ hash >>> 13) * 0x5BD1E995;
            samples[i] = (byte) ((hash ^ hash >>> 15) >>> 24);
        }
        return new RgbImage(width, height, samples);
    }
}
