package dev.flowguard.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.reward.clip.ParityImage;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Scorers that own networks, in the whole application. */
@Timeout(120)
class ClipServiceTest {

    private static final Path ROOT = Path.of("src/test/resources/parity/clip");

    @Test
    void servesScorersWithNetworksAndGivesTheirMemoryBack() throws Exception {
        JsonNode goldens = new JsonMapper().readTree(ROOT.resolve("rewards.json"));
        // Twice: a service that has ended leaves nothing behind that the next one would trip over.
        for (int start = 0; start < 2; start++) {
            try (RewardService service = RewardService.start(
                    "--spring.grpc.server.inprocess.name=clip-test",
                    "--spring.main.web-application-type=none",
                    "--flowguard.reward.scorers=pickscore,aesthetic",
                    "--flowguard.reward.pickscore.model=" + ROOT.resolve("h"),
                    "--flowguard.reward.aesthetic.model=" + ROOT.resolve("l"),
                    "--flowguard.reward.aesthetic.head=" + ROOT.resolve("head.safetensors"),
                    "--flowguard.reward.workers=2")) {
                ManagedChannel channel =
                        InProcessChannelBuilder.forName("clip-test").build();
                try {
                    Answers answers = new Answers();
                    StreamObserver<ScoreRequest> items =
                            ScorerGrpc.newStub(channel).score(answers);
                    for (int i = 0; i < 20; i++) {
                        items.onNext(item(i, goldens.get(i), "pickscore"));
                        items.onNext(item(100 + i, goldens.get(i), "aesthetic"));
                    }
                    items.onCompleted();
                    assertThat(answers.end()).isEqualTo(Status.OK);
                    Map<Long, ScoreResponse> byItem = answers.byItem();
                    for (int i = 0; i < 20; i++) {
                        assertScore(byItem.get((long) i), goldens.get(i).get("pickscore"));
                        assertScore(byItem.get(100L + i), goldens.get(i).get("aesthetic"));
                    }
                } finally {
                    channel.shutdownNow();
                }
            }
        }
    }

    @Test
    void aModelThatIsNotThereIsOneLineForTheUser() {
        assertThatThrownBy(() -> RewardService.start(
                        "--spring.grpc.server.inprocess.name=clip-test",
                        "--spring.main.web-application-type=none",
                        "--flowguard.reward.scorers=hpsv2",
                        "--flowguard.reward.hpsv2.model=" + ROOT))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("flowguard.reward.hpsv2.model: ")
                .hasMessageContaining(ROOT.resolve("config.json").toString())
                .message()
                .doesNotContain("\n");
    }

    private static void assertScore(@Nullable ScoreResponse response, JsonNode expected) {
        double value = expected.doubleValue();
        assertThat(Objects.requireNonNull(response).getScore().getValue())
                .isCloseTo(value, within(1e-3 * Math.abs(value)));
    }

    private static ScoreRequest item(long id, JsonNode golden, String scorer) {
        return ScoreRequest.newBuilder()
                .setItemId(id)
                .setScorerId(scorer)
                .setImage(TestImages.png(ParityImage.of(golden.get("image").intValue())))
                .setPrompt(golden.get("prompt").stringValue())
                .build();
    }
}
