package dev.flowguard.rollout;

import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leaves an endpoint alone that does not answer: after a few failures in a row nobody calls it but one probe at a time, with
 * growing pauses, until a probe is answered. The log says once that it is away and once that it is back.
 *
 * <pre>
 *   CLOSED ──so many failures in a row──▶ OPEN ──pause over──▶ PROBING ──answered──▶ CLOSED
 *                                          ▲                      │
 *                                          └──── not answered ────┘
 * </pre>
 *
 * <p>Our own: resilience4j would bring the Kotlin runtime for these three states, and has no callers that wait. Thread-safe.
 */
final class Circuit {

    /** A replica that dies takes the calls in flight with it; its neighbours answer the next try. */
    static final int FAILURES = 3;

    /** How often those who wait look whether the probe was answered. */
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    private static final Logger log = LoggerFactory.getLogger(Circuit.class);

    private final String name;
    private final Backoff pauses;
    private final Pause pause;
    private final LongSupplier nanoClock;
    private final RandomGenerator random;
    private final RolloutMetrics metrics;

    private State state = State.CLOSED;
    private int failures;
    private int probes;
    private long nextProbe;
    private String lastFailure = "";

    private enum State {
        CLOSED,
        OPEN,
        PROBING
    }

    /**
     * @param name of the reward, for log and metrics
     * @param pauses between probes
     * @param nanoClock monotonic nanoseconds
     */
    Circuit(
            String name,
            Backoff pauses,
            Pause pause,
            LongSupplier nanoClock,
            RandomGenerator random,
            RolloutMetrics metrics) {
        this.name = name;
        this.pauses = pauses;
        this.pause = pause;
        this.nanoClock = nanoClock;
        this.random = random;
        this.metrics = metrics;
    }

    /** Whether a failure means that the endpoint is away; any other answer shows that it is there. */
    static boolean away(Throwable failure) {
        return failure instanceof StatusRuntimeException status
                && (status.getStatus().getCode() == Status.Code.UNAVAILABLE
                        || status.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED);
    }

    /**
     * Makes a call.
     *
     * @param patient whether to wait, within the deadline, for an endpoint that is away, instead of failing at once
     * @throws LeftAloneException where the endpoint is away and there is no time to wait for it
     */
    <T> T call(Deadline deadline, boolean patient, Retry.Call<T> call) throws InterruptedException {
        enter(deadline, patient);
        try {
            T result = call.once();
            answered();
            return result;
        } catch (StatusRuntimeException | TryAgainException | WrongScorerException | LeaseFailedException failure) {
            if (away(failure)) {
                failed(String.valueOf(failure.getMessage()));
            } else {
                answered();
            }
            throw failure;
        } finally {
            leave();
        }
    }

    private void enter(Deadline deadline, boolean patient) throws InterruptedException {
        for (Duration wait = tryToEnter(); !wait.isZero(); wait = tryToEnter()) {
            if (!patient || deadline.timeRemaining(TimeUnit.NANOSECONDS) <= wait.toNanos()) {
                throw new LeftAloneException("left alone, for it did not answer (" + lastFailure() + ")");
            }
            pause.pause(wait);
        }
    }

    /** Zero: go on. Otherwise how long to wait before asking again. */
    private synchronized Duration tryToEnter() {
        return switch (state) {
            case CLOSED -> Duration.ZERO;
            case PROBING -> LOOK_AGAIN;
            case OPEN -> {
                long remaining = nextProbe - nanoClock.getAsLong();
                if (remaining <= 0) {
                    state = State.PROBING;
                }
                yield Duration.ofNanos(Math.max(0, remaining));
            }
        };
    }

    private synchronized void answered() {
        if (state != State.CLOSED) {
            // Of the same level as its absence: whoever was told of the one waits for the other.
            log.warn("reward '{}' answers again", name);
            metrics.away(name, false);
        }
        state = State.CLOSED;
        failures = 0;
        probes = 0;
    }

    private synchronized void failed(String why) {
        lastFailure = why;
        failures++;
        if (state == State.CLOSED && failures >= FAILURES) {
            log.warn("reward '{}' does not answer ({}): it is left alone and probed until it does", name, why);
            metrics.away(name, true);
            open();
        } else if (state == State.PROBING) {
            open();
        }
    }

    /** Whoever leaves without having learned anything (it was interrupted) lets another one probe. */
    private synchronized void leave() {
        if (state == State.PROBING) {
            state = State.OPEN;
            nextProbe = nanoClock.getAsLong();
        }
    }

    private void open() {
        state = State.OPEN;
        probes++;
        nextProbe = nanoClock.getAsLong() + pauses.after(probes, random).toNanos();
    }

    private synchronized String lastFailure() {
        return lastFailure;
    }
}
