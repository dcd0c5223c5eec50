package dev.flowguard.reward.brightness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.reward.RewardService;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.TestImages;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code docs/rewards.md} shows a scorer in Java: these classes, and they do what it says. */
@Timeout(60)
class DocumentedScorerTest {

    private static final Path DOCUMENT = Path.of("../docs/rewards.md");
    private static final Path HERE = Path.of("src/test/java/dev/flowguard/reward/brightness");
    private static final Path REGISTRAR = Path.of("src/main/java/dev/flowguard/reward/BuiltInScorers.java");
    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void documentShowsTheseClasses() throws IOException {
        List<String> shown = JAVA.matcher(Files.readString(DOCUMENT))
                .results()
                .map((MatchResult block) -> words(block.group(1)))
                .toList();

        assertThat(shown).hasSize(3);
        assertThat(shown.get(0)).isEqualTo(words(source("BrightnessScorer")));
        assertThat(shown.get(1)).isEqualTo(words(source("BrightnessWorker")));
        // The line that a scorer of ours without settings has there.
        assertThat(words(Files.readString(REGISTRAR))).contains(shown.get(2).replace("Brightness", "Artefact"));
    }

    @Test
    void scoresTheMeanOfTheLuma() {
        BufferedImage halfWhite = TestImages.blank(6, 4, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 3; x++) {
                halfWhite.setRGB(x, y, 0xffffff);
            }
        }
        BufferedImage black = TestImages.blank(3, 5, BufferedImage.TYPE_3BYTE_BGR);

        try (ScorerWorker worker = new BrightnessScorer().newWorker()) {
            assertThat(worker.scoreBatch(List.of(new ScoreItem(halfWhite, ""), new ScoreItem(black, ""))))
                    .containsExactly(new ScoreOutcome.Scored(127.5, Map.of()), new ScoreOutcome.Scored(0, Map.of()));
        }
    }

    @Test
    void isServedByItsId() {
        try (RewardService service = RewardService.start(
                "--spring.grpc.server.inprocess.name=reward-brightness",
                "--spring.main.web-application-type=none",
                "--flowguard.reward.scorers=brightness",
                "--flowguard.reward.workers=1")) {
            ManagedChannel channel =
                    InProcessChannelBuilder.forName("reward-brightness").build();
            try {
                assertThat(ScorerGrpc.newBlockingStub(channel)
                                .withDeadlineAfter(20, TimeUnit.SECONDS)
                                .describe(DescribeRequest.getDefaultInstance())
                                .getScorersList())
                        .extracting(ScorerDescription::getScorerId)
                        .containsExactly(BrightnessScorer.ID);
            } finally {
                channel.shutdownNow();
            }
            assertThat(service.grpcPort()).isEqualTo(-1);
        }
    }

    private static String source(String name) throws IOException {
        return Files.readString(HERE.resolve(name + ".java"));
    }

    /** Lines may be broken and indented in another way. */
    private static String words(String code) {
        return code.strip().replaceAll("\\s+", " ");
    }
}
