package dev.flowguard.reward.artefact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.TestImages;
import java.awt.image.BufferedImage;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ArtefactMeasureTest {

    /** A sign of 64 x 32 and something like a photo: smooth colours with texture and hard edges, away from the bounds. */
    static Stream<Named<BufferedImage>> clean() {
        return Stream.of(Named.of("sign", TestImages.render("HELP", new Random(3))), Named.of("photo", photo()));
    }

    private static BufferedImage photo() {
        BufferedImage image = new BufferedImage(192, 128, BufferedImage.TYPE_3BYTE_BGR);
        Random random = new Random(5);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                boolean object = Math.hypot(x - 90, y - 60) < 40 || (x > 140 && x < 180 && y % 24 < 12);
                double light = 120
                        + 50 * Math.sin(x / 31.0) * Math.cos(y / 23.0)
                        + (object ? 45 : 0)
                        + 1.5 * random.nextGaussian();
                int red = (int) Math.round(light * 1.05);
                int green = (int) Math.round(light);
                int blue = (int) Math.round(light * .85 + 10);
                image.setRGB(x, y, level(red) << 16 | level(green) << 8 | level(blue));
            }
        }
        return image;
    }

    private static int level(int value) {
        return Math.max(0, Math.min(255, value));
    }

    @ParameterizedTest
    @MethodSource("clean")
    void moreNoiseIsWorse(BufferedImage image) {
        assertFalling(image, noisy(image, 8), noisy(image, 16), noisy(image, 32), noisy(image, 64));
    }

    @ParameterizedTest
    @MethodSource("clean")
    void moreBlurIsWorse(BufferedImage image) {
        assertFalling(image, blurred(image, 3), blurred(image, 5), blurred(image, 9));
    }

    @Test
    void moreSaturationIsWorse() {
        BufferedImage image = photo();

        assertFalling(image, saturated(image, 6), saturated(image, 12));
    }

    @ParameterizedTest
    @MethodSource("clean")
    void aCheckerboardIsWorse(BufferedImage image) {
        BufferedImage board = copy(image);
        for (int y = 0; y < board.getHeight(); y++) {
            for (int x = 0; x < board.getWidth(); x++) {
                int sign = (x + y) % 2 == 0 ? 12 : -12;
                map(board, x, y, value -> level(value + sign));
            }
        }

        assertFalling(image, board);
    }

    @Test
    void theNoiseOfAFlatImageIsMeasured() {
        BufferedImage grey = new BufferedImage(128, 128, BufferedImage.TYPE_3BYTE_BGR);
        Random random = new Random(1);
        for (int y = 0; y < 128; y++) {
            for (int x = 0; x < 128; x++) {
                int value = (int) Math.round(128 + 10 * random.nextGaussian());
                grey.setRGB(x, y, value << 16 | value << 8 | value);
            }
        }

        assertThat(64 * ArtefactMeasure.of(grey).noise()).isCloseTo(10, within(.4));
    }

    @Test
    void paperAndInkAreNotArtefacts() {
        ArtefactMeasure measure = ArtefactMeasure.of(TestImages.render("HELP", new Random(3)));

        assertThat(measure.noise()).isZero();
        assertThat(measure.clipping()).isZero();
        assertThat(ArtefactMeasure.of(new BufferedImage(64, 32, BufferedImage.TYPE_3BYTE_BGR))
                        .score())
                .isZero();
    }

    @Test
    void aSpeckIsNoImage() {
        ScoreOutcome outcome = new ArtefactScorer()
                .newWorker()
                .scoreBatch(List.of(new ScoreItem(new BufferedImage(8, 64, BufferedImage.TYPE_3BYTE_BGR), "")))
                .get(0);

        assertThat(outcome).isInstanceOf(ScoreOutcome.Invalid.class);
    }

    private static void assertFalling(BufferedImage... images) {
        double[] scores = Arrays.stream(images)
                .mapToDouble(image -> ArtefactMeasure.of(image).score())
                .toArray();
        for (int i = 1; i < scores.length; i++) {
            assertThat(scores[i]).as(Arrays.toString(scores)).isLessThan(scores[i - 1] - .01);
            assertThat(scores[i]).isBetween(-1.0, 0.0);
        }
    }

    private static BufferedImage noisy(BufferedImage image, double sigma) {
        BufferedImage noisy = copy(image);
        Random random = new Random(2);
        for (int y = 0; y < noisy.getHeight(); y++) {
            for (int x = 0; x < noisy.getWidth(); x++) {
                map(noisy, x, y, value -> level((int) Math.round(value + sigma * random.nextGaussian())));
            }
        }
        return noisy;
    }

    private static BufferedImage blurred(BufferedImage image, int width) {
        float[] box = new float[width * width];
        Arrays.fill(box, 1f / box.length);
        return new ConvolveOp(new Kernel(width, width, box), ConvolveOp.EDGE_NO_OP, null)
                .filter(image, new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_3BYTE_BGR));
    }

    /** Colours pushed away from the pixel's own mean. */
    private static BufferedImage saturated(BufferedImage image, double factor) {
        BufferedImage vivid = copy(image);
        for (int y = 0; y < vivid.getHeight(); y++) {
            for (int x = 0; x < vivid.getWidth(); x++) {
                int[] pixel = vivid.getRaster().getPixel(x, y, (int[]) null);
                double mean = Arrays.stream(pixel).average().orElseThrow();
                map(vivid, x, y, value -> level((int) Math.round(mean + factor * (value - mean))));
            }
        }
        return vivid;
    }

    private static void map(BufferedImage image, int x, int y, IntUnaryOperator change) {
        int[] pixel = image.getRaster().getPixel(x, y, (int[]) null);
        image.getRaster().setPixel(x, y, Arrays.stream(pixel).map(change).toArray());
    }

    private static BufferedImage copy(BufferedImage image) {
        BufferedImage copy = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_3BYTE_BGR);
        image.copyData(copy.getRaster());
        return copy;
    }
}
