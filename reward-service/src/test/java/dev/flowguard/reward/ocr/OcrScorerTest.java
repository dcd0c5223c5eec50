package dev.flowguard.reward.ocr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.TestImages;
import dev.flowguard.reward.ppocr.PpOcrProperties;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OcrScorerTest {

    private static final OcrProperties DEFAULTS = new OcrProperties(12, 3, 7, "");
    private static final OcrProperties LETTERS = new OcrProperties(12, 3, 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    @Test
    void readsEveryCleanWordOfTheWordWorld() {
        assertThat(misread(LETTERS)).isEmpty();
    }

    @Test
    void readsThemWithoutAWhitelistToo() {
        assertThat(misread(DEFAULTS)).hasSizeLessThanOrEqualTo(2);
    }

    private static List<ScoreOutcome> misread(OcrProperties properties) {
        try (ScorerWorker worker = new OcrScorer(properties).newWorker()) {
            return worker.scoreBatch(cleanWords(100)).stream()
                    .filter(outcome -> !(outcome instanceof ScoreOutcome.Scored scored && scored.value() == 1))
                    .toList();
        }
    }

    @Test
    void readsAnImageAlikeInAnyCompanyAndByAnyWorker() {
        OcrScorer scorer = new OcrScorer(LETTERS);
        List<ScoreItem> items = new ArrayList<>(cleanWords(24));
        items.replaceAll(item -> new ScoreItem(smudge(item.image()), item.prompt()));
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, items.size()).boxed().toList());
        Collections.shuffle(order, new Random(7));
        try (ScorerWorker first = scorer.newWorker();
                ScorerWorker second = scorer.newWorker()) {
            List<ScoreOutcome> straight = first.scoreBatch(items);
            List<ScoreOutcome> shuffled =
                    second.scoreBatch(order.stream().map(items::get).toList());
            assertThat(shuffled).isEqualTo(order.stream().map(straight::get).toList());
        }
    }

    @Test
    void aBlankImageReadsAsNothingAndScoresZero() {
        BufferedImage white = TestImages.blank(64, 32, BufferedImage.TYPE_3BYTE_BGR);
        white.getRaster()
                .setPixels(
                        0,
                        0,
                        64,
                        32,
                        Collections.nCopies(64 * 32 * 3, 255).stream()
                                .mapToInt(i -> i)
                                .toArray());
        assertThat(score(new ScoreItem(white, "\"EXIT\"")))
                .isEqualTo(new ScoreOutcome.Scored(0, Map.of("recognized", "")));
    }

    @Test
    void readsTheSmallestImageWithoutFailing() {
        assertThat(score(new ScoreItem(TestImages.blank(1, 1, BufferedImage.TYPE_3BYTE_BGR), "\"EXIT\"")))
                .isInstanceOf(ScoreOutcome.Scored.class);
    }

    @Test
    void aPromptWithoutATargetIsInvalidAndNotZero() {
        assertThat(score(new ScoreItem(TestImages.render("CAMP", new SplittableRandom(1)), "a camp")))
                .isInstanceOf(ScoreOutcome.Invalid.class);
    }

    @Test
    void describesItself() {
        OcrScorer scorer = new OcrScorer(DEFAULTS);
        assertThat(scorer.description().getScorerId()).isEqualTo("ocr");
        assertThat(scorer.description().getWeightsSha256().size()).isEqualTo(32);
        assertThat(scorer.description().getVersion())
                .as("settings that change scores change the version")
                .isNotEqualTo(new OcrScorer(LETTERS).description().getVersion());
    }

    @Test
    void ppOcrReadsByTheSameRule(@TempDir Path folder) throws Exception {
        Path networks = Path.of("src/test/resources/onnx");
        OcrProperties properties = new OcrProperties(
                12,
                3,
                7,
                "",
                OcrProperties.Engine.PP_OCR,
                new PpOcrProperties(
                        networks.resolve("text-detection.onnx"),
                        networks.resolve("text-recognition.onnx"),
                        Files.writeString(folder.resolve("dictionary.txt"), "a\nb\n"),
                        960,
                        1));
        // All of it is a line of text to the test's networks, and spells a.
        BufferedImage yellow = TestImages.blank(96, 32, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 8; y < 24; y++) {
            for (int x = 8; x < 88; x++) {
                yellow.setRGB(x, y, 0xFFFF00);
            }
        }
        try (OcrScorer scorer = new OcrScorer(properties);
                ScorerWorker worker = scorer.newWorker()) {
            assertThat(worker.scoreBatch(
                            List.of(new ScoreItem(yellow, "the word \"A\""), new ScoreItem(yellow, "no word"))))
                    .satisfiesExactly(
                            read -> assertThat(read).isEqualTo(new ScoreOutcome.Scored(1, Map.of("recognized", "bab"))),
                            none -> assertThat(none).isInstanceOf(ScoreOutcome.Invalid.class));
            assertThat(scorer.description().getVersion()).contains("pp-ocr");
            assertThat(scorer.description().getWeightsSha256())
                    .isNotEqualTo(new OcrScorer(DEFAULTS).description().getWeightsSha256());
        }
    }

    private static ScoreOutcome score(ScoreItem item) {
        try (ScorerWorker worker = new OcrScorer(LETTERS).newWorker()) {
            return worker.scoreBatch(List.of(item)).get(0);
        }
    }

    static List<ScoreItem> cleanWords(int count) {
        RandomGenerator random = new SplittableRandom(42);
        List<ScoreItem> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String word = TestImages.word(random);
            items.add(new ScoreItem(TestImages.render(word, random), "the word \"%s\"".formatted(word)));
        }
        return items;
    }

    /** Noise enough that some words are misread: only then could one reading disturb the next. */
    private static BufferedImage smudge(BufferedImage image) {
        RandomGenerator random = new SplittableRandom(3);
        for (int i = 0; i < 300; i++) {
            image.setRGB(random.nextInt(image.getWidth()), random.nextInt(image.getHeight()), random.nextInt());
        }
        return image;
    }
}
