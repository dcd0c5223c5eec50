package dev.flowguard.learner.training;

import dev.flowguard.learner.coordination.ScoredGroup;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Divides the learner's wall time into phases. The phases add up to the wall time: the wait for groups is divided into
 * {@code sample} (denoising and decoding) and {@code score} in proportion to what the workers report, and what their
 * reports do not explain is {@code idle}.
 */
final class PhaseClock {
    private final LongSupplier nanoClock;
    private final long begin;
    private Map<String, Double> seconds = new LinkedHashMap<>();
    private long mark;

    PhaseClock(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        this.begin = nanoClock.getAsLong();
        this.mark = begin;
    }

    /** Books the time since the last booking. */
    void book(String phase) {
        seconds.merge(phase, lap(), Double::sum);
    }

    /** Books the time since the last booking as the wait for these groups. */
    void bookWait(List<ScoredGroup> groups) {
        double wait = lap();
        double sample = groups.stream()
                .mapToDouble(group -> group.times().sample() + group.times().decode())
                .sum();
        double score =
                groups.stream().mapToDouble(group -> group.times().score()).sum();
        // Several workers, or scoring beside sampling, report more than the wall clock shows.
        double fit = Math.min(1, wait / Math.max(sample + score, Double.MIN_NORMAL));
        seconds.merge("sample", sample * fit, Double::sum);
        seconds.merge("score", score * fit, Double::sum);
        seconds.merge("idle", Math.max(0, wait - (sample + score) * fit), Double::sum);
    }

    private double lap() {
        long now = nanoClock.getAsLong();
        double lap = (now - mark) * 1e-9;
        mark = now;
        return lap;
    }

    /** Seconds by phase since the last call. */
    Map<String, Double> take() {
        Map<String, Double> taken = seconds;
        seconds = new LinkedHashMap<>();
        return taken;
    }

    /** Seconds since the clock was made. */
    double elapsed() {
        return (nanoClock.getAsLong() - begin) * 1e-9;
    }
}
