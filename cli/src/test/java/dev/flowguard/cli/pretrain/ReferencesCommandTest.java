package dev.flowguard.cli.pretrain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.reference.ReferenceProperties;
import dev.flowguard.reward.reference.ReferenceSimilarityScorer;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ReferencesCommandTest {

    private static final List<String> WORDS = List.of("HELP", "CAKE", "MUTE", "TAXY", "LAMP", "VEXT", "NECK");

    private final Random random = new Random(1);
    private final WordWorld world = new WordWorld();
    private final Path folder;

    ReferencesCommandTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void whateverTheWorldMayDrawIsCloseToItsReferenceAndNothingElseIs() throws IOException {
        Path prompts = folder.resolve("prompts.txt");
        Files.write(prompts, WORDS.stream().map(WordWorld::prompt).toList());
        Path out = folder.resolve("references");
        assertThat(new CommandLine(new ReferencesCommand()).execute(prompts.toString(), "--output-dir", out.toString()))
                .isZero();
        ReferenceSimilarityScorer scorer =
                ReferenceSimilarityScorer.open(new ReferenceProperties(out.resolve("index.jsonl")));

        try (ScorerWorker worker = scorer.newWorker()) {
            for (int i = 0; i < WORDS.size(); i++) {
                String word = WORDS.get(i);
                String other = WORDS.get((i + 1) % WORDS.size());
                for (int drawing = 0; drawing < 40; drawing++) {
                    BufferedImage sign = image(world.draw(word, random));
                    assertThat(score(worker, sign, word)).as(word).isGreaterThan(.97);
                    assertThat(score(worker, sign, other))
                            .as(word + " for " + other)
                            .isLessThan(.8);
                }
            }
        }
    }

    private static double score(ScorerWorker worker, BufferedImage sign, String word) {
        ScoreOutcome outcome = worker.scoreBatch(List.of(new ScoreItem(sign, WordWorld.prompt(word))))
                .get(0);
        return ((ScoreOutcome.Scored) outcome).value();
    }

    private static BufferedImage image(float[] pixels) {
        BufferedImage image = new BufferedImage(WordWorld.WIDTH, WordWorld.HEIGHT, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < WordWorld.WIDTH * WordWorld.HEIGHT; i++) {
            int value = Math.round((pixels[i] + 1) * 127.5f);
            image.setRGB(i % WordWorld.WIDTH, i / WordWorld.WIDTH, value << 16 | value << 8 | value);
        }
        return image;
    }
}
