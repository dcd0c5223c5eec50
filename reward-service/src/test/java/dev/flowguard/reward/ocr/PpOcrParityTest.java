package dev.flowguard.reward.ocr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.ppocr.PpOcrProperties;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Against PaddleOCR itself, with published networks, on images that {@code tools/parity/rewards/pp_ocr.py} draws into a folder. No weights are
 * committed: without {@code -Dflowguard.parity.pp-ocr=FOLDER} this is skipped.
 */
@EnabledIfSystemProperty(named = "flowguard.parity.pp-ocr", matches = ".+", disabledReason = "needs PP-OCR's networks")
class PpOcrParityTest {

    private static final Path FOLDER = Path.of(System.getProperty("flowguard.parity.pp-ocr", "."));

    /** How the two readings of one image differ. */
    private record Difference(String image, String expected, String found, double reward) {}

    @Test
    void readsWhatPaddleOcrReads() throws IOException {
        JsonNode expected = JsonMapper.shared().readTree(Files.readString(FOLDER.resolve("expected.json")));
        List<Difference> differences = new ArrayList<>();
        PpOcrProperties networks =
                new PpOcrProperties(FOLDER.resolve("detection.onnx"), FOLDER.resolve("recognition.onnx"), null, 960, 1);
        try (OcrScorer scorer = new OcrScorer(new OcrProperties(0, 1, 7, "", OcrProperties.Engine.PP_OCR, networks));
                ScorerWorker worker = scorer.newWorker()) {
            for (JsonNode entry : expected) {
                String image = entry.path("image").stringValue();
                String prompt = entry.path("prompt").stringValue();
                String text = entry.path("lines")
                        .valueStream()
                        .map(JsonNode::stringValue)
                        .collect(Collectors.joining());
                ScoreOutcome outcome = worker.scoreBatch(List.of(new ScoreItem(read(image), prompt)))
                        .get(0);
                double reward = OcrReward.forPrompt(prompt).orElseThrow().of(text);
                assertThat(outcome).as(image).isInstanceOfSatisfying(ScoreOutcome.Scored.class, scored -> {
                    String found = String.valueOf(scored.notes().get("recognized"));
                    if (!found.equals(text) || scored.value() != reward) {
                        differences.add(new Difference(image, text, found, scored.value() - reward));
                    }
                });
            }
        }
        // A corner that OpenCV's fp32 puts just short of a whole pixel moves a box by one, and a space comes or goes.
        assertThat(differences)
                .as("texts that differ, of %d", expected.size())
                .hasSizeLessThanOrEqualTo(expected.size() / 100)
                .allMatch(difference -> difference.reward() == 0, "rewards do not differ");
    }

    private static BufferedImage read(String name) throws IOException {
        BufferedImage image = ImageIO.read(FOLDER.resolve(name).toFile());
        assertThat(image.getType()).as(name).isEqualTo(BufferedImage.TYPE_3BYTE_BGR);
        return image;
    }
}
