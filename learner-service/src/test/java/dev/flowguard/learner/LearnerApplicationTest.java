package dev.flowguard.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.learner.training.RunOutcome;
import dev.flowguard.learner.training.TinyRun;
import dev.flowguard.tensor.InputException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.context.ConfigurableApplicationContext;

class LearnerApplicationTest {
    private static ConfigurableApplicationContext start(String... arguments) {
        return start(0, arguments);
    }

    private static ConfigurableApplicationContext start(int grpcPort, String... arguments) {
        List<String> all = new ArrayList<>(List.of("--server.port=0", "--spring.grpc.server.port=" + grpcPort));
        all.addAll(List.of(arguments));
        return LearnerApplication.application().run(all.toArray(String[]::new));
    }

    @Test
    void aRunBeginsWithTheApplicationAndIsStoppedWithIt(@TempDir Path folder) throws Exception {
        Path recipe = TinyRun.write(folder, 3);
        LearnerRun run;
        // In-process it opens no gRPC port, so a busy one (another run on this machine) is no obstacle.
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ConfigurableApplicationContext context = start(
                        busy.getLocalPort(),
                        "--flowguard.learner.recipe=" + recipe,
                        "--flowguard.learner.reward-targets.brightness=localhost:7",
                        "--spring.grpc.server.inprocess.name=learner-application-test")) {
            run = context.getBean(LearnerRun.class);
            assertThat(run.recipe().rewards().get(0).target()).isEqualTo("localhost:7");
            String health = get(context, "/actuator/health/readiness");
            assertThat(health).contains("UP");
            assertThat(get(context, "/actuator/health")).contains("\"run\":\"tiny\"");
            assertThat(get(context, "/actuator/prometheus")).contains("jvm_");
        }

        RunOutcome outcome = run.outcome().toCompletableFuture().get(1, TimeUnit.MINUTES);
        assertThat(outcome.status()).isEqualTo(RunOutcome.Status.STOPPED);
        assertThat(folder.resolve("out/adapter/adapter_model.safetensors")).isNotEmptyFile();
        assertThat(folder.resolve("out/metrics.jsonl")).isEmptyFile();
    }

    private static String get(ConfigurableApplicationContext context, String path) throws Exception {
        String port = context.getEnvironment().getRequiredProperty("local.server.port");
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(20))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void withoutARecipeThereIsNoStart() {
        assertThatThrownBy(() -> start())
                .hasRootCauseInstanceOf(InputException.class)
                .rootCause()
                .hasMessageContaining("--flowguard.learner.recipe");
    }

    @Test
    void aBusyPortEndsTheStart(@TempDir Path folder) throws Exception {
        Path recipe = TinyRun.write(folder, 3);
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> start(busy.getLocalPort(), "--flowguard.learner.recipe=" + recipe))
                    .hasStackTraceContaining("Address already in use");
            // A start that failed leaves nothing that a next one would stumble over.
            assertThat(folder.resolve("out")).doesNotExist();
        }
    }

    @Test
    void everyDefaultIsAsTheReadmeSays() {
        LearnerProperties properties = new Binder(new MapConfigurationPropertySource())
                .bindOrCreate("flowguard.learner", LearnerProperties.class);

        assertThat(properties)
                .isEqualTo(new LearnerProperties(
                        null,
                        null,
                        null,
                        null,
                        null,
                        null,
                        false,
                        Map.of(),
                        null,
                        Duration.ofSeconds(60),
                        Duration.ofHours(1),
                        Duration.ofSeconds(10),
                        5,
                        1024,
                        Duration.ofSeconds(60),
                        Duration.ofMinutes(30),
                        3,
                        Duration.ofMinutes(2)));
    }
}
