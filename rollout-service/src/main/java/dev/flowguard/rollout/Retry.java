package dev.flowguard.rollout;

import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries a call again while that can help: the one place that says which failures are transient. Bounded by a number of
 * tries and by the caller's deadline. Thread-safe.
 */
final class Retry {

    /** How long a busy server asks to be left alone, in milliseconds. */
    static final Metadata.Key<String> RETRY_DELAY = Metadata.Key.of("retry-delay-ms", Metadata.ASCII_STRING_MARSHALLER);

    private static final Logger log = LoggerFactory.getLogger(Retry.class);

    private final int maxTries;
    private final Backoff backoff;
    private final Pause pause;
    private final RandomGenerator random;
    private final RolloutMetrics metrics;

    Retry(int maxTries, Backoff backoff, Pause pause, RandomGenerator random, RolloutMetrics metrics) {
        this.maxTries = maxTries;
        this.backoff = backoff;
        this.pause = pause;
        this.random = random;
        this.metrics = metrics;
    }

    /** One try of a call. */
    @FunctionalInterface
    interface Call<T> {
        T once() throws InterruptedException;
    }

    /**
     * The result of the first try that succeeds.
     *
     * @param what names the call in logs and metrics
     * @throws RuntimeException the last try's failure, where it is not transient or there is no time or try left
     */
    <T> T call(String what, Deadline deadline, Call<T> call) throws InterruptedException {
        for (int failures = 1; ; failures++) {
            try {
                return call.once();
            } catch (StatusRuntimeException | TryAgainException | WrongScorerException failure) {
                Duration wait = waitAfter(failure, failures);
                boolean inTime = deadline.timeRemaining(TimeUnit.NANOSECONDS) > wait.toNanos();
                if (!transientFailure(failure) || failures >= maxTries || !inTime) {
                    throw failure;
                }
                metrics.retried(what);
                log.debug("{}: try {} failed ({}), next in {}", what, failures, failure.getMessage(), wait);
                pause.pause(wait);
            }
        }
    }

    static boolean transientFailure(Throwable failure) {
        if (failure instanceof StatusRuntimeException status) {
            return transientCode(status.getStatus().getCode());
        }
        return failure instanceof TryAgainException || failure instanceof WrongScorerException;
    }

    /** UNAVAILABLE: nobody listens, or a connection broke. RESOURCE_EXHAUSTED: a queue is full. Nothing else gets better by itself. */
    static boolean transientCode(Status.Code code) {
        return code == Status.Code.UNAVAILABLE || code == Status.Code.RESOURCE_EXHAUSTED;
    }

    private Duration waitAfter(RuntimeException failure, int failures) {
        Duration own = backoff.after(failures, random);
        Duration asked = askedFor(failure);
        return asked != null && asked.compareTo(own) > 0 ? asked : own;
    }

    private static @Nullable Duration askedFor(RuntimeException failure) {
        Metadata trailers = failure instanceof StatusRuntimeException status ? status.getTrailers() : null;
        String millis = trailers == null ? null : trailers.get(RETRY_DELAY);
        // The hint comes from outside: what is not a short plain number is no hint.
        return millis != null && millis.matches("\\d{1,9}") ? Duration.ofMillis(Long.parseLong(millis)) : null;
    }
}
