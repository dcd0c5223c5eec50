package dev.flowguard.cli;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Estimates how long the rest of a run takes from the pace of its latest iterations. Evaluations come every few iterations, so
 * the window is long enough to hold some. Not thread-safe.
 */
final class RemainingTime {

    private static final int WINDOW = 20;

    private record Mark(int iteration, long nanos) {}

    private final Deque<Mark> marks = new ArrayDeque<>();

    /** An iteration has ended, at that {@link System#nanoTime()}; answers the time for the iterations up to {@code last}. */
    Optional<Duration> after(int iteration, int last, long nanos) {
        marks.addLast(new Mark(iteration, nanos));
        if (marks.size() > WINDOW + 1) {
            marks.removeFirst();
        }
        Mark first = marks.getFirst();
        int done = iteration - first.iteration();
        if (done <= 0) {
            return Optional.empty();
        }
        return Optional.of(Duration.ofNanos((nanos - first.nanos()) / done * (last - iteration)));
    }
}
