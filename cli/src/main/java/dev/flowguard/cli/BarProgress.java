package dev.flowguard.cli;

import java.time.Duration;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** One line with a bar, drawn over again and again. */
final class BarProgress implements RunProgress {

    private static final int UPDATE_MILLIS = 500;

    private final ProgressBar bar;

    /** Read by the bar's own thread. */
    private volatile Optional<Duration> remaining = Optional.empty();

    BarProgress(int iterations, int done) {
        this.bar = new ProgressBarBuilder()
                .setTaskName("training")
                .setInitialMax(iterations)
                .startsFrom(done, Duration.ZERO)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .setUpdateIntervalMillis(UPDATE_MILLIS)
                .setEtaFunction(state -> remaining)
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
    public void close() {
        bar.close();
    }
}
