package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Learner, rollout and reward as processes of their own, on loopback. */
class ThreeProcessesIT {

    private static final Duration PATIENCE = Duration.ofMinutes(4);

    private SmallRun run;
    private FlowguardProcess reward;
    private String rewardAddress;

    @BeforeEach
    void startReward(@TempDir Path folder) throws IOException, InterruptedException {
        run = SmallRun.in(folder);
        reward = FlowguardProcess.start("serve", "reward", "--port", "0", "--scorer", "ocr,jpeg-compressibility");
        rewardAddress = address(reward);
    }

    @AfterEach
    void stopReward() throws InterruptedException {
        reward.close();
    }

    @Test
    void trainTogether() throws IOException, InterruptedException {
        try (FlowguardProcess learner = learner("3");
                FlowguardProcess worker = worker(address(learner), "worker-1")) {
            assertThat(learner.awaitExit(PATIENCE)).as(learner.output()).isZero();
            assertThat(worker.awaitExit(PATIENCE)).as(worker.output()).isZero();
        }

        run.assertComplete(3);
    }

    @Test
    void aWorkerThatIsKilledLosesNothing() throws IOException, InterruptedException {
        try (FlowguardProcess learner = learner("40")) {
            String address = address(learner);
            try (FlowguardProcess first = worker(address, "worker-1")) {
                learner.awaitLine("iteration 2/40", PATIENCE);
                first.kill();
                try (FlowguardProcess second = worker(address, "worker-2")) {
                    assertThat(learner.awaitExit(PATIENCE)).as(learner.output()).isZero();
                    assertThat(second.awaitExit(PATIENCE)).as(second.output()).isZero();
                }
            }
        }

        run.assertComplete(40);
        assertThat(run.workers()).containsExactlyInAnyOrder("worker-1", "worker-2");
    }

    @Test
    void ctrlCEndsTheRunAndItsWorkers() throws IOException, InterruptedException {
        try (FlowguardProcess learner = learner("100000");
                FlowguardProcess worker = worker(address(learner), "worker-1")) {
            learner.awaitLine("iteration 1/100000", PATIENCE);
            learner.signal("INT");

            assertThat(learner.awaitExit(PATIENCE)).as(learner.output()).isEqualTo(130);
            assertThat(worker.awaitExit(PATIENCE)).as(worker.output()).isZero();
        }
        run.assertComplete(run.iterations());

        reward.signal("INT");
        assertThat(reward.awaitExit(PATIENCE)).as(reward.output()).isEqualTo(130);
    }

    private FlowguardProcess learner(String iterations) {
        return FlowguardProcess.start(
                "serve",
                "learner",
                run.recipe(),
                "--output-dir",
                run.output().toString(),
                "--iterations",
                iterations,
                "--port",
                "0",
                "--reward",
                "small-file=" + rewardAddress,
                "--reward",
                "ocr=" + rewardAddress);
    }

    private static FlowguardProcess worker(String learner, String name) {
        return FlowguardProcess.start("serve", "rollout", "--learner", learner, "--worker-id", name);
    }

    private static String address(FlowguardProcess service) throws InterruptedException {
        return service.awaitLine("listens on (127\\.0\\.0\\.1:\\d+)", PATIENCE).group(1);
    }
}
