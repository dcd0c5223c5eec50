package dev.flowguard.learner.coordination;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long nothing could be scored. Times are of a monotonic nanosecond clock.
 *
 * <p>Not thread-safe: the coordinator's lock guards it.
 */
final class ScoringOutage {
    private @Nullable Long lastScored;
    private @Nullable Long began;
    private String reason = "";

    /** A group was committed. */
    void scored(long now) {
        lastScored = now;
        began = null;
    }

    /** A group came back without a score that it must have. */
    void begin(long now, String why) {
        reason = why;
        if (began == null) {
            began = now;
        }
    }

    boolean scoredEver() {
        return lastScored != null;
    }

    boolean scoredSince(long time) {
        return lastScored != null && lastScored - time > 0;
    }

    boolean lastsLongerThan(Duration limit, long now) {
        return began != null && now - began > limit.toNanos();
    }

    /** Why the last group came back. */
    String reason() {
        return reason;
    }
}
