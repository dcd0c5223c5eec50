package dev.flowguard.rollout;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Waits between two tries. A seam: tests do not wait. */
@FunctionalInterface
interface Pause {

    /** Waits on the calling thread; an interrupt ends the wait. */
    Pause SLEEPING = duration -> TimeUnit.NANOSECONDS.sleep(duration.toNanos());

    void pause(Duration duration) throws InterruptedException;
}
