package dev.flowguard.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerGrpc;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The whole application, as the launcher starts it. */
@Timeout(120)
class RewardServiceTest {

    @Test
    void servesInProcessWithoutAnySocket() throws Exception {
        try (RewardService service = RewardService.start(
                "--spring.grpc.server.inprocess.name=reward-test",
                "--spring.main.web-application-type=none",
                "--flowguard.reward.scorers=ocr,jpeg-compressibility",
                "--flowguard.reward.workers=1")) {
            assertThat(service.grpcPort()).isEqualTo(-1);
            ManagedChannel channel =
                    InProcessChannelBuilder.forName("reward-test").build();
            try {
                assertThat(ScorerGrpc.newBlockingStub(channel)
                                .withDeadlineAfter(20, TimeUnit.SECONDS)
                                .describe(DescribeRequest.getDefaultInstance())
                                .getScorersList())
                        .extracting(ScorerDescription::getScorerId)
                        .containsExactly("ocr", "jpeg-compressibility");
                RandomGenerator random = new SplittableRandom(1);
                Answers answers = new Answers();
                StreamObserver<ScoreRequest> items = ScorerGrpc.newStub(channel).score(answers);
                items.onNext(word("CAMP", random).setScorerId("ocr").build());
                assertThat(answers.next().getScore().getNotesMap()).containsEntry("recognized", "CAMP");
                items.onNext(word("CAMP", random)
                        .setItemId(2)
                        .setScorerId("jpeg-compressibility")
                        .build());
                assertThat(answers.next().getScore().getValue()).isNegative();
                items.onCompleted();
                assertThat(answers.end()).isEqualTo(Status.OK);
            } finally {
                channel.shutdownNow();
            }
        }
    }

    @Test
    void offersEndpointsByTheIdsThatTheUserChooses() {
        try (RewardService service = RewardService.start(
                "--spring.grpc.server.inprocess.name=reward-bridges",
                "--spring.main.web-application-type=none",
                "--flowguard.reward.scorers=my-judge,beauty,http",
                "--flowguard.reward.workers=1",
                "--flowguard.reward.http.url=http://127.0.0.1:9/score",
                "--flowguard.reward.http-endpoints.my-judge.url=http://127.0.0.1:9/judge",
                "--flowguard.reward.http-endpoints.my-judge.score.version=5",
                "--flowguard.reward.http-endpoints.beauty.url=http://127.0.0.1:9/beauty")) {
            ManagedChannel channel =
                    InProcessChannelBuilder.forName("reward-bridges").build();
            try {
                assertThat(ScorerGrpc.newBlockingStub(channel)
                                .withDeadlineAfter(20, TimeUnit.SECONDS)
                                .describe(DescribeRequest.getDefaultInstance())
                                .getScorersList())
                        .extracting(scorer -> scorer.getScorerId() + " " + scorer.getVersion())
                        .containsExactly("my-judge 5", "beauty unversioned", "http unversioned");
            } finally {
                channel.shutdownNow();
            }
            assertThat(service.grpcPort()).isEqualTo(-1);
        }
    }

    @Test
    void refusesAnEndpointByTheIdOfAnotherScorer() {
        assertThatThrownBy(() -> inProcess("--flowguard.reward.http-endpoints.ocr.url=http://127.0.0.1:9/judge"))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("ocr");
    }

    @Test
    void saysWhatABridgeIsMissing() {
        assertThatThrownBy(() -> inProcess("--flowguard.reward.scorers=http"))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageStartingWith("flowguard.reward.http.url is not set");
        assertThatThrownBy(() -> inProcess("--flowguard.reward.kserve-endpoints.Beauty_1.target=dns:///models:8001"))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessage("flowguard.reward.kserve-endpoints.Beauty_1: a scorer's id is made of a-z, 0-9 and -");
    }

    @Test
    void aStopAnnouncesItselfThenAnswersWhatIsInFlight() throws Exception {
        RewardService service =
                RewardService.start("--spring.grpc.server.port=0", "--server.port=0", "--flowguard.reward.workers=1");
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", service.grpcPort())
                .usePlaintext()
                .build();
        try {
            BlockingQueue<ServingStatus> health = new LinkedBlockingQueue<>();
            Context.CancellableContext watching = Context.current().withCancellation();
            watching.run(() -> watchHealth(channel, health));
            assertThat(health.poll(20, TimeUnit.SECONDS)).isEqualTo(ServingStatus.SERVING);
            Answers answers = new Answers();
            StreamObserver<ScoreRequest> items = ScorerGrpc.newStub(channel).score(answers);
            RandomGenerator random = new SplittableRandom(1);
            items.onNext(word("CAMP", random).setItemId(0).build());
            assertThat(answers.next().hasScore()).isTrue();
            assertThat(get(service.httpPort(), "/actuator/health")).contains("\"status\":\"UP\"");
            assertThat(get(service.httpPort(), "/actuator/prometheus"))
                    .contains("flowguard_reward_score_duration_seconds_count{outcome=\"scored\",scorer=\"ocr\"} 1")
                    .contains("flowguard_reward_queue_depth{scorer=\"ocr\"} 0");

            Thread stopping = new Thread(service::close);
            stopping.start();
            assertThat(health.poll(20, TimeUnit.SECONDS)).isEqualTo(ServingStatus.NOT_SERVING);
            // A watch is an RPC in flight too.
            watching.cancel(null);
            for (int id = 1; id <= 20; id++) {
                items.onNext(word("CAMP", random).setItemId(id).build());
            }
            items.onCompleted();
            assertThat(answers.end()).isEqualTo(Status.OK);
            assertThat(answers.byItem()).hasSize(20);
            assertThat(answers.all()).allMatch(ScoreResponse::hasScore);
            stopping.join(20_000);
            assertThat(stopping.isAlive()).isFalse();
        } finally {
            channel.shutdownNow();
            service.close();
        }
    }

    @Test
    void namesTheNearestScorer() {
        assertThatThrownBy(() -> inProcess("--flowguard.reward.scorers=jpeg-compresibility"))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("'jpeg-compresibility': did you mean 'jpeg-compressibility'?");
    }

    @Test
    void refusesSettingsThatItDoesNotKnow() {
        assertThatThrownBy(() -> inProcess("--flowguard.reward.wokers=2"))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("flowguard.reward.wokers");
    }

    @Test
    void explainsABusyPort() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> RewardService.start(
                                    "--spring.grpc.server.port=" + taken.getLocalPort(),
                                    "--spring.main.web-application-type=none")
                            .close())
                    .isInstanceOf(RewardConfigurationException.class)
                    .hasMessageContaining("spring.grpc.server.port");
        }
    }

    private static String get(int port, String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(20))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static void inProcess(String setting) {
        RewardService.start(
                        "--spring.grpc.server.inprocess.name=reward-refused",
                        "--spring.main.web-application-type=none",
                        setting)
                .close();
    }

    private static void watchHealth(ManagedChannel channel, Queue<ServingStatus> seen) {
        HealthGrpc.newStub(channel)
                .watch(
                        HealthCheckRequest.newBuilder()
                                .setService(ScorerGrpc.SERVICE_NAME)
                                .build(),
                        new StreamObserver<>() {
                            @Override
                            public void onNext(HealthCheckResponse response) {
                                seen.add(response.getStatus());
                            }

                            @Override
                            public void onError(Throwable end) {}

                            @Override
                            public void onCompleted() {}
                        });
    }

    private static ScoreRequest.Builder word(String word, RandomGenerator random) {
        return ScoreRequest.newBuilder()
                .setItemId(1)
                .setPrompt("the word \"%s\"".formatted(word))
                .setImage(TestImages.png(TestImages.render(word, random)));
    }
}
