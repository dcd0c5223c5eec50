package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProgressTest {

    @Test
    void aLineSaysIterationScoresAndTheTimeLeft() {
        StringWriter written = new StringWriter();

        new LineProgress(new PrintWriter(written, true))
                .show(new ProgressUpdate(
                        3, 120, Map.of("ocr", .5123), Map.of("ocr", .61), Optional.of(Duration.ofSeconds(252))));

        assertThat(written.toString().strip())
                .isEqualTo("iteration 3/120: ocr 0.512, held out ocr 0.610, 4 min 12 s left");
    }

    @Test
    void nothingIsInventedBeforeItIsKnown() {
        StringWriter written = new StringWriter();

        new LineProgress(new PrintWriter(written, true))
                .show(new ProgressUpdate(0, 120, Map.of(), Map.of("ocr", .46), Optional.empty()));

        assertThat(written.toString().strip()).isEqualTo("iteration 0/120: held out ocr 0.460");
    }

    @Test
    void remainingTimeFollowsTheLatestPace() {
        RemainingTime remaining = new RemainingTime();
        long now = 0;

        assertThat(remaining.after(0, 100, now)).isEmpty();
        for (int iteration = 1; iteration <= 30; iteration++) {
            now += TimeUnit.SECONDS.toNanos(iteration <= 10 ? 30 : 2);
            remaining.after(iteration, 100, now);
        }
        now += TimeUnit.SECONDS.toNanos(2);
        assertThat(remaining.after(31, 100, now)).hasValue(Duration.ofSeconds(2 * 69));
    }
}
