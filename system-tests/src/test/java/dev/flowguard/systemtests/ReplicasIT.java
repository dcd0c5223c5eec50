package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two replicas of a reward service behind one name, one of which is killed in the middle of a run and comes back. */
class ReplicasIT {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private final Path folder;

    ReplicasIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void oneOfTwoReplicasIsKilledAndNothingIsLostAndNoScoreIsWrong() throws IOException, InterruptedException {
        SmallRun run = SmallRun.in(folder);
        Path hosts = Files.writeString(
                folder.resolve("hosts"), "127.0.0.1 localhost\n127.0.0.1 replicas\n127.0.0.2 replicas\n");
        try (FlowguardProcess first = replica("127.0.0.1", "0")) {
            String port = first.awaitLine("listens on 127\\.0\\.0\\.1:(\\d+)", PATIENCE)
                    .group(1);
            try (FlowguardProcess second = replica("127.0.0.2", port)) {
                second.awaitLine("listens", PATIENCE);
                try (FlowguardProcess learner = learner(run, "dns:///replicas:" + port);
                        FlowguardProcess worker = worker(learner, hosts)) {
                    learner.awaitLine("iteration 2/", PATIENCE);
                    second.kill();
                    learner.awaitLine("iteration 4/", PATIENCE);
                    try (FlowguardProcess again = replica("127.0.0.2", port)) {
                        awaitScoresOf(again, learner);
                        learner.signal("INT");

                        assertThat(learner.awaitExit(PATIENCE))
                                .as(learner.output())
                                .isEqualTo(130);
                        assertThat(worker.awaitExit(PATIENCE))
                                .as(worker.output())
                                .isZero();
                    }
                }
            }
        }

        run.assertComplete(run.iterations());
        assertThat(undisturbed(run, run.iterations()).resolve("adapter/adapter_model.safetensors"))
                .hasSameBinaryContentAs(run.output().resolve("adapter/adapter_model.safetensors"));
    }

    /** Scores decide what is learned: after one wrong score the adapter would not be the same to the last bit. */
    private Path undisturbed(SmallRun run, int iterations) throws InterruptedException {
        Path output = folder.resolve("undisturbed");
        try (FlowguardProcess train = FlowguardProcess.start(
                "train",
                run.recipe(),
                "--output-dir",
                output.toString(),
                "--iterations",
                Integer.toString(iterations))) {
            assertThat(train.awaitExit(PATIENCE)).as(train.output()).isZero();
        }
        return output;
    }

    private static FlowguardProcess replica(String host, String port) {
        return FlowguardProcess.start(
                "serve", "reward", "--host", host, "--port", port, "--scorer", "ocr,jpeg-compressibility");
    }

    /** Waits, iteration by iteration, until the replica that came back has scored something. */
    private static void awaitScoresOf(FlowguardProcess replica, FlowguardProcess learner)
            throws IOException, InterruptedException {
        String http = replica.awaitLine("metrics on port (\\d+)", PATIENCE).group(1);
        HttpRequest metrics = HttpRequest.newBuilder(URI.create("http://127.0.0.2:" + http + "/actuator/prometheus"))
                .build();
        HttpClient client = HttpClient.newHttpClient();
        Pattern scored = Pattern.compile("flowguard_reward_score_duration_seconds_count\\{[^}]*} [1-9]");
        do {
            learner.awaitLine("iteration \\d+/", PATIENCE);
        } while (!scored.matcher(client.send(metrics, BodyHandlers.ofString()).body())
                .find());
    }

    private static FlowguardProcess learner(SmallRun run, String rewards) {
        return FlowguardProcess.start(
                "serve",
                "learner",
                run.recipe(),
                "--output-dir",
                run.output().toString(),
                "--iterations",
                "100000",
                "--port",
                "0",
                "--reward",
                "small-file=" + rewards,
                "--reward",
                "ocr=" + rewards);
    }

    /** The name of the replicas is known to the worker alone: it is the only one who calls them. */
    private static FlowguardProcess worker(FlowguardProcess learner, Path hosts) throws InterruptedException {
        String address =
                learner.awaitLine("listens on (127\\.0\\.0\\.1:\\d+)", PATIENCE).group(1);
        return FlowguardProcess.start(
                List.of("FLOWGUARD_OPTS=-Djdk.net.hosts.file=" + hosts),
                "serve",
                "rollout",
                "--learner",
                address,
                "--worker-id",
                "worker-1");
    }
}
