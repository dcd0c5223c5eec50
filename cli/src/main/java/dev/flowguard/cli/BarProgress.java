package dev.flowguard.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** One line with a bar, drawn over again and again. */
final class BarProgress implements RunProgress {

    private static final int UPDATE_MILLIS = 500;

    /** To the line's beginning, which is cleared to its end. */
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final PrintWriter out;
    private final ProgressBar bar;

    /** Read by the bar's own thread. */
    private volatile Optional<Duration> remaining = Optional.empty();

    BarProgress(PrintWriter out, int iterations, int done) {
        this.out = out;
        this.bar = new ProgressBarBuilder()
                .setTaskName("training")
                .setInitialMax(iterations)
                .startsFrom(done, Duration.ZERO)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .setUpdateIntervalMillis(UPDATE_MILLIS)
                .setEtaFunction(state -> remaining)
                // It stays on the cursor's line, where notes find it; the usual one may keep to the line above.
                .setConsumer(new ConsoleProgressBarConsumer(System.err))
                .build();
    }

    @Override
    public void show(ProgressUpdate update) {
        remaining = update.remaining();
        bar.setExtraMessage(" " + update.scores());
        bar.stepTo(update.iteration());
        bar.refresh();
    }

    @Override
    public void note(String line) {
        out.println(CLEAR_LINE + line);
        bar.refresh();
    }

    @Override
    public void close() {
        bar.close();
    }
}
