package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.MemberSpec;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.WorkerMessage.MessageCase;
import dev.flowguard.rollout.TinyPipeline.Announced;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/** The application as it is started, with a real pipeline, against a learner and a scorer played by hand. */
@Timeout(120)
class RolloutApplicationTest {

    @Test
    void servesARunInsideAnotherJvm(@TempDir Path folder) throws InterruptedException {
        FakeCoordinator learner = new FakeCoordinator();
        FakeScorer scorer = new FakeScorer();
        try (InProcessChannels servers = new InProcessChannels();
                ConfigurableApplicationContext worker = RolloutApplication.application()
                        .web(WebApplicationType.NONE)
                        .run("--flowguard.rollout.coordinator=" + servers.serve(learner))) {
            RunSettings.Builder settings = TinyPipeline.write(folder);
            settings.getRewardsBuilder(0).setTarget(servers.serve(scorer));
            FakeCoordinator.Session session = learner.nextSession();
            session.welcome(settings.build());
            Announced policy = TinyPipeline.policy(folder, 1, .1);
            session.announce(policy.announcement(), policy.payload());
            assertThat(session.next(MessageCase.POLICY_BOUND).getPolicyBound().getTensorsList())
                    .containsExactlyInAnyOrderElementsOf(policy.announcement().getTensorsList());
            session.lease(Groups.lease(1)
                    .clearMembers()
                    .addMembers(MemberSpec.newBuilder().setPrompt("a sign"))
                    .addMembers(MemberSpec.newBuilder().setPrompt("a sign").setInitialNoiseSeed(1)));

            List<GroupPart> parts = learner.nextGroup();

            assertThat(parts.get(0).getHeader().getLatentRows()).isEqualTo(4);
            assertThat(parts.get(0).getHeader().getMembers(1).getScoresCount()).isEqualTo(1);
            assertThat(worker.getBean(RolloutHealthIndicator.class)
                            .health()
                            .getStatus()
                            .getCode())
                    .isEqualTo("UP");
            assertThat(worker.getBean(MeterRegistry.class)
                            .get("flowguard.rollout.policy.version")
                            .gauge()
                            .value())
                    .isEqualTo(1);
        }
    }

    @Test
    void tellsHealthAndMetricsOverHttp() throws IOException, InterruptedException {
        try (ConfigurableApplicationContext worker = RolloutApplication.application()
                .run("--server.port=0", "--flowguard.rollout.coordinator=in-process:nobody")) {
            String port = worker.getEnvironment().getRequiredProperty("local.server.port");

            assertThat(get(port, "/actuator/health/liveness").statusCode()).isEqualTo(200);
            HttpResponse<String> readiness = get(port, "/actuator/health/readiness");
            assertThat(readiness.statusCode()).isEqualTo(503);
            assertThat(readiness.body()).contains("OUT_OF_SERVICE").contains("CONNECTING");
            assertThat(get(port, "/actuator/prometheus").body()).contains("flowguard_rollout_policy_version -1.0");
        }
    }

    private static HttpResponse<String> get(String port, String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }
}
