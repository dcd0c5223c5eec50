package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code flowguard train}: one process, from the recipe to the report. */
class TrainIT {

    private static final Duration PATIENCE = Duration.ofMinutes(4);

    private SmallRun run;

    @BeforeEach
    void writeRun(@TempDir Path folder) throws IOException {
        run = SmallRun.in(folder);
    }

    @Test
    void leavesACompleteOutputFolder() throws IOException, InterruptedException {
        try (FlowguardProcess train = train()) {
            assertThat(train.awaitExit(PATIENCE)).as(train.output()).isZero();
        }

        run.assertComplete(3);
    }

    @Test
    void trainsFluxLikeAnyOtherModel(@TempDir Path folder) throws IOException, InterruptedException {
        SmallRun flux = SmallRun.ofFlux(folder);
        try (FlowguardProcess train = FlowguardProcess.start(flux.train("--iterations", "2"))) {
            assertThat(train.awaitExit(PATIENCE)).as(train.output()).isZero();
        }

        flux.assertComplete(2);
        assertThat(Files.readString(flux.output().resolve("adapter/adapter_config.json")))
                .contains("ff_context.net.0.proj");
    }

    @Test
    void ctrlCWritesEverythingAndResumeGoesOn() throws IOException, InterruptedException {
        try (FlowguardProcess train = train("--iterations", "100000")) {
            train.awaitLine("iteration 1/100000", PATIENCE);
            train.signal("INT");

            assertThat(train.awaitExit(PATIENCE)).as(train.output()).isEqualTo(130);
        }
        int done = run.iterations();
        run.assertComplete(done);
        assertThat(Files.readString(run.output().resolve("report.html"))).contains("Interrupted after " + done + " of");

        int more = done + 2;
        try (FlowguardProcess train = train("--resume", "--iterations", Integer.toString(more))) {
            assertThat(train.awaitExit(PATIENCE)).as(train.output()).isZero();
        }
        run.assertComplete(more);
    }

    @Test
    void aFinishedRunIsNotOverwritten() throws InterruptedException {
        try (FlowguardProcess train = train()) {
            assertThat(train.awaitExit(PATIENCE)).as(train.output()).isZero();
        }
        try (FlowguardProcess again = train()) {
            assertThat(again.awaitExit(PATIENCE)).isEqualTo(2);
            assertThat(again.output()).contains("holds a run already").hasLineCount(1);
        }
    }

    private FlowguardProcess train(String... more) {
        return FlowguardProcess.start(run.train(more));
    }
}
