package dev.flowguard.learner.coordination;

import java.time.Duration;
import java.util.function.LongSupplier;

/** A monotonic clock that moves when the test says so. */
final class FakeClock implements LongSupplier {
    private long nanos = Long.MAX_VALUE - 1_000_000_000L; // soon to overflow, as System.nanoTime may

    @Override
    public long getAsLong() {
        return nanos;
    }

    void advance(Duration duration) {
        nanos += duration.toNanos();
    }
}
