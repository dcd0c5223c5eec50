package dev.flowguard.benchmarks.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasuredRunTest {

    private static final Offset<Double> EXACTLY = within(1e-9);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path folder;

    /** Iteration 1 ends at second 10 of the learner's clock and second 14 of the observer's. */
    private MeasuredRun run() throws IOException {
        Files.writeString(new RunDirectory(folder).metrics(), """
                {"iteration":0,"policy_version":0,"elapsed":8,"eval.ocr":0.5,"seconds.evaluate":8}
                {"iteration":1,"policy_version":1,"elapsed":10,"groups":8,"canary_log_ratio":1e-9,"seconds.sample":1.5,"seconds.learn":0.5}
                {"iteration":2,"policy_version":2,"elapsed":297,"groups":8,"canary_log_ratio":3e-8,"eval.ocr":0.75,"seconds.sample":2.5}
                {"iteration":3,"policy_version":3,"elapsed":400,"groups":8,"eval.ocr":0.875}
                """);
        Files.writeString(
                folder.resolve(ProcessFigures.FILE),
                "first_iteration_seconds=14\npeak_rss_kib=2048\nload_before=0.25\n");
        return MeasuredRun.read(folder);
    }

    @Test
    void countsFromTheStartOfTheProcess() throws IOException {
        MeasuredRun run = run();
        assertThat(run.seconds()).isCloseTo(404, EXACTLY);
        assertThat(run.scoreBefore()).hasValue(.5);
        // 297 on the learner's clock is 301 on the observer's: too late for five minutes.
        assertThat(run.riseAfter(300)).hasValue(0);
        assertThat(run.riseAfter(301)).hasValue(.25);
        assertThat(run.scoreAtEnd()).hasValue(.875);
    }

    @Test
    void knowsNothingBeyondItsEnd() throws IOException {
        assertThat(run().scoreAfter(405)).isEmpty();
        assertThat(run().riseAfter(1200)).isEmpty();
    }

    @Test
    void summarisesTheIterations() throws IOException {
        MeasuredRun run = run();
        assertThat(run.canary()).hasValue(3e-8);
        assertThat(run.secondsPerIteration()).containsOnlyKeys("sample", "learn");
        assertThat(run.secondsPerIteration().get("sample")).isCloseTo(4.0 / 3, EXACTLY);
        assertThat(run.process().peakResidentMiB()).isEqualTo(2);
    }

    @Test
    void printsWhatIsUnknownAsSuch() throws IOException {
        StringWriter text = new StringWriter();
        new QuickstartCurve(new PrintWriter(text), List.of(run())).print();
        assertThat(text.toString())
                .containsPattern("rise in 5 minutes +\\+0.000 +\\+0.000 \\(\\+0.000..\\+0.000\\)")
                .containsPattern("rise in 20 minutes +- +-\\R")
                .containsPattern("canary: max \\|log r\\| +3.0e-08");
    }

    @Test
    void refusesARunThatNobodyObserved() throws IOException {
        run();
        Files.writeString(folder.resolve(ProcessFigures.FILE), "first_iteration_seconds=unknown\n");
        assertThatThrownBy(() -> MeasuredRun.read(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContainingAll(ProcessFigures.FILE, "first_iteration_seconds", "unknown");
        Files.delete(folder.resolve(ProcessFigures.FILE));
        assertThatThrownBy(() -> MeasuredRun.read(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("quickstart-curve.sh");
    }
}
