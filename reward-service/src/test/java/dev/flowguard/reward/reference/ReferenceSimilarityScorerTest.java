package dev.flowguard.reward.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.reward.RewardConfigurationException;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.TestImages;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferenceSimilarityScorerTest {

    private static final String HELP = "a sign saying \"HELP\"";
    private static final String CAKE = "a sign saying \"CAKE\"";

    private final Path folder;
    private final BufferedImage help = TestImages.render("HELP", new Random(3));
    private final BufferedImage cake = TestImages.render("CAKE", new Random(4));

    ReferenceSimilarityScorerTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private ReferenceSimilarityScorer scorer(String lines) throws IOException {
        BufferedImage sheet = new BufferedImage(64, 64, BufferedImage.TYPE_3BYTE_BGR);
        help.copyData(sheet.getRaster().createWritableChild(0, 0, 64, 32, 0, 0, null));
        cake.copyData(sheet.getRaster().createWritableChild(0, 32, 64, 32, 0, 0, null));
        ImageIO.write(sheet, "png", folder.resolve("signs.png").toFile());
        ImageIO.write(help, "png", folder.resolve("help.png").toFile());
        ImageIO.write(
                new BufferedImage(64, 32, BufferedImage.TYPE_3BYTE_BGR),
                "png",
                folder.resolve("flat.png").toFile());
        Path index = folder.resolve("index.jsonl");
        Files.writeString(index, lines);
        return ReferenceSimilarityScorer.open(new ReferenceProperties(index));
    }

    private ReferenceSimilarityScorer signs(int shift) throws IOException {
        return scorer("""
                {"prompt": "a sign saying \\"HELP\\"", "image": "signs.png", "x": 0, "y": 0, "width": 64, "height": 32, "shift": %d}
                {"prompt": "a sign saying \\"CAKE\\"", "image": "signs.png", "x": 0, "y": 32, "width": 64, "height": 32, "shift": %d}
                """.formatted(shift, shift));
    }

    private static ScoreOutcome outcome(ReferenceSimilarityScorer scorer, BufferedImage image, String prompt) {
        return scorer.newWorker()
                .scoreBatch(List.of(new ScoreItem(image, prompt)))
                .get(0);
    }

    private static double score(ReferenceSimilarityScorer scorer, BufferedImage image, String prompt) {
        return ((ScoreOutcome.Scored) outcome(scorer, image, prompt)).value();
    }

    @Test
    void theReferenceItselfIsOneAndItsNegativeMinusSomething() throws IOException {
        ReferenceSimilarityScorer scorer = signs(0);

        assertThat(score(scorer, help, HELP)).isCloseTo(1, within(1e-12));
        assertThat(score(scorer, help, CAKE)).isLessThan(.7);
        assertThat(score(scorer, negative(help), HELP)).isBetween(-1.0, -.3);
    }

    @Test
    void aMoveWithinTheWorldCostsNothing() throws IOException {
        BufferedImage moved = new BufferedImage(64, 32, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D pen = moved.createGraphics();
        pen.setColor(Color.WHITE);
        pen.fillRect(0, 0, 64, 32);
        pen.drawImage(help, 1, -1, null);
        pen.dispose();

        assertThat(score(signs(1), moved, HELP)).isGreaterThan(.999);
        assertThat(score(signs(0), moved, HELP)).isLessThan(.8);
    }

    @Test
    void paleSmearedAndNoisySignsFallBehind() throws IOException {
        ReferenceSimilarityScorer scorer = signs(1);
        double itself = score(scorer, help, HELP);
        double pale = score(scorer, towardsWhite(help, .5), HELP);
        double ghost = score(scorer, towardsWhite(help, .9), HELP);
        double otherWord = score(scorer, cake, HELP);
        double noise = score(scorer, noise(), HELP);
        double blank = score(scorer, towardsWhite(help, 1), HELP);

        assertThat(List.of(itself, pale, ghost)).isSortedAccordingTo((a, b) -> Double.compare(b, a));
        assertThat(pale).isBetween(.6, .9);
        assertThat(ghost).isLessThan(.3);
        assertThat(otherWord).isBetween(.1, .7);
        assertThat(noise).isBetween(-.15, .15);
        assertThat(blank).isZero();
    }

    @Test
    void theMostSimilarReferenceCounts() throws IOException {
        ReferenceSimilarityScorer scorer = scorer("""
                {"prompt": "word", "image": "signs.png", "x": 0, "y": 32, "width": 64, "height": 32}
                {"prompt": "word", "image": "help.png"}
                """);

        assertThat(score(scorer, help, "word")).isCloseTo(1, within(1e-12));
    }

    @Test
    void whatCannotBeComparedIsInvalidNeverZero() throws IOException {
        ReferenceSimilarityScorer scorer = signs(0);

        assertThat(outcome(scorer, help, "a sign saying \"NONE\""))
                .isEqualTo(new ScoreOutcome.Invalid(
                        "the prompt has no reference image; add it to the index of references"));
        assertThat(outcome(scorer, new BufferedImage(64, 64, BufferedImage.TYPE_3BYTE_BGR), HELP))
                .isEqualTo(new ScoreOutcome.Invalid("the image is 64 x 64 pixels, a reference of its prompt 64 x 32"));
    }

    @Test
    void theVersionFollowsTheReferences() throws IOException {
        String one = signs(0).description().getVersion();
        String same = signs(0).description().getVersion();
        String other = signs(1).description().getVersion();

        assertThat(one).isEqualTo(same).isNotEqualTo(other).matches("1\\+refs-[0-9a-f]{12}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"prompt\": \"a\", \"image\": \"none.png\"} | none.png: cannot be read",
                "{\"prompt\": \"a\"} | index.jsonl:1: needs a prompt and an image",
                "{\"prompt\": \"a\", \"image\": \"index.jsonl\"} | index.jsonl:1: ",
                "{\"prompt\": \"a\", \"image\": \"flat.png\"} | one flat grey",
                "{\"prompt\": \"a\", \"image\": \"help.png\", \"x\": 1, \"y\": 0, \"width\": 64, \"height\": 32} | not inside",
                "{\"prompt\": \"a\", \"image\": \"help.png\", \"x\": 1} | y must be a whole number",
                "{\"prompt\": \"a\", \"image\": \"help.png\", \"shift\": 17} | shift must be 0 to 16",
                "{\"prompt\": \"a\", \"image\": \"help.png\", \"shfit\": 1} | 'shfit' is no key here",
                "{\"prompt\": | not JSON",
                "`` | names no reference"
            })
    void refusesAnIndexThatCannotServe(String line, String message) {
        assertThatThrownBy(() -> scorer(line + "\n"))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void withoutAnIndexItSaysHowToNameOne() {
        assertThatThrownBy(() -> ReferenceSimilarityScorer.open(new ReferenceProperties(null)))
                .hasMessageContaining("flowguard.reward.reference-similarity.index");
    }

    private static BufferedImage negative(BufferedImage image) {
        BufferedImage result = new BufferedImage(64, 32, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < 64 * 32; i++) {
            result.setRGB(i % 64, i / 64, ~image.getRGB(i % 64, i / 64));
        }
        return result;
    }

    private static BufferedImage towardsWhite(BufferedImage image, double share) {
        BufferedImage result = new BufferedImage(64, 32, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < 64 * 32; i++) {
            int value = image.getRGB(i % 64, i / 64) & 0xff;
            int paler = (int) Math.round(value + share * (255 - value));
            result.setRGB(i % 64, i / 64, paler << 16 | paler << 8 | paler);
        }
        return result;
    }

    private static BufferedImage noise() {
        Random random = new Random(9);
        BufferedImage result = new BufferedImage(64, 32, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < 64 * 32; i++) {
            int value = random.nextInt(256);
            result.setRGB(i % 64, i / 64, value << 16 | value << 8 | value);
        }
        return result;
    }
}
