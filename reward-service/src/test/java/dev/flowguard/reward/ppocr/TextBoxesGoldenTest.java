package dev.flowguard.reward.ppocr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Against PaddleOCR's rules with OpenCV and Clipper, by {@code tools/parity/rewards/text_boxes.py}. */
class TextBoxesGoldenTest {

    private static final JsonNode GOLDEN = read();

    @Test
    void linesAreFoundWherePaddleOcrFindsThem() {
        int compared = 0;
        int equal = 0;
        for (JsonNode golden : GOLDEN.path("maps")) {
            List<Quad> found = new ArrayList<>(map(golden)
                    .lines(
                            golden.path("imageWidth").intValue(),
                            golden.path("imageHeight").intValue()));
            assertThat(found).as("%s", golden).hasSize(golden.path("lines").size());
            // Where a corner is whole in exact arithmetic, OpenCV's fp32 may fall short of it, by version, and Clipper
            // cuts the rest off.
            double pixel = Math.max(
                    golden.path("imageWidth").doubleValue()
                            / golden.path("width").doubleValue(),
                    golden.path("imageHeight").doubleValue()
                            / golden.path("height").doubleValue());
            for (JsonNode line : golden.path("lines")) {
                Quad expected = quad(line);
                Quad nearest = found.stream()
                        .min(Comparator.comparingDouble(quad -> difference(quad, expected)))
                        .orElseThrow();
                assertThat(difference(nearest, expected))
                        .as("%s found %s", golden, found)
                        .isLessThanOrEqualTo(2 * Math.max(1, pixel));
                found.remove(nearest);
                compared++;
                equal += difference(nearest, expected) == 0 ? 1 : 0;
            }
        }
        assertThat(compared).isGreaterThan(50);
        assertThat(equal).as("of %d", compared).isGreaterThan(compared * 9 / 10);
    }

    @Test
    void linesAreCutOutAsPaddleOcrCutsThem() {
        BufferedImage image = new BufferedImage(64, 48, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < 48; y++) {
            for (int x = 0; x < 64; x++) {
                image.setRGB(x, y, (3 * x + y) << 16 | (2 * y + x + 20) << 8 | (3 * Math.abs(x - 32) + y));
            }
        }
        for (JsonNode golden : GOLDEN.path("crops")) {
            BufferedImage crop = LineImage.of(image, quad(golden.path("quad")));
            assertThat(crop.getWidth())
                    .as("%s", golden)
                    .isEqualTo(golden.path("width").intValue());
            assertThat(crop.getHeight())
                    .as("%s", golden)
                    .isEqualTo(golden.path("height").intValue());
            for (JsonNode sample : golden.path("samples")) {
                int[] pixel = crop.getRaster()
                        .getPixel(sample.path(0).intValue(), sample.path(1).intValue(), new int[3]);
                for (int band = 0; band < 3; band++) {
                    // OpenCV's weights are whole numbers of 15 bits.
                    assertThat(pixel[band])
                            .as("%s of %s", sample, golden)
                            .isCloseTo(sample.path(2).path(band).intValue(), within(1));
                }
            }
        }
        assertThat(GOLDEN.path("crops")).hasSize(6);
    }

    private static TextMap map(JsonNode golden) {
        int width = golden.path("width").intValue();
        int height = golden.path("height").intValue();
        float[] probabilities = new float[width * height];
        for (JsonNode shape : golden.path("shapes")) {
            double cos = shape.path(4).doubleValue();
            double sin = shape.path(5).doubleValue();
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    double dx = x - shape.path(0).doubleValue();
                    double dy = y - shape.path(1).doubleValue();
                    if (Math.abs(dx * cos + dy * sin) <= shape.path(2).doubleValue() / 2
                            && Math.abs(dy * cos - dx * sin) <= shape.path(3).doubleValue() / 2) {
                        probabilities[y * width + x] = shape.path(6).floatValue();
                    }
                }
            }
        }
        return new TextMap(width, height, probabilities);
    }

    /** The largest distance between their corners, however these are named. */
    private static double difference(Quad found, Quad expected) {
        return found.corners().stream()
                .mapToDouble(corner -> expected.corners().stream()
                        .mapToDouble(corner::distance)
                        .min()
                        .orElseThrow())
                .max()
                .orElseThrow();
    }

    private static Quad quad(JsonNode corners) {
        return new Quad(point(corners.path(0)), point(corners.path(1)), point(corners.path(2)), point(corners.path(3)));
    }

    private static Point point(JsonNode pair) {
        return new Point(pair.path(0).doubleValue(), pair.path(1).doubleValue());
    }

    private static JsonNode read() {
        try (InputStream data = TextBoxesGoldenTest.class.getResourceAsStream("/parity/text-boxes.json")) {
            return JsonMapper.builder().build().readTree(Objects.requireNonNull(data));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
