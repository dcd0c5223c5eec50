package dev.flowguard.rollout;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Exponential waits with jitter: after failure n (1 is the first) between half and all of
 * {@code min(first * 2^(n-1), longest)}. The jitter keeps a fleet of workers from coming back in step.
 *
 * @param first the longest wait after the first failure
 * @param longest no wait is longer
 */
record Backoff(Duration first, Duration longest) {

    Backoff {
        if (first.isNegative() || first.isZero() || longest.compareTo(first) < 0) {
            throw new IllegalArgumentException("backoff wants 0 < first <= longest, not " + first + ", " + longest);
        }
    }

    Duration after(int failures, RandomGenerator random) {
        double ceiling = Math.min((double) first.toNanos() * Math.pow(2, failures - 1.0), (double) longest.toNanos());
        return Duration.ofNanos((long) (ceiling * (0.5 + random.nextDouble() / 2)));
    }
}
