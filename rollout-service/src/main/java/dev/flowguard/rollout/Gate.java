package dev.flowguard.rollout;

import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/** Lets as many calls through to an endpoint as its {@link AdaptiveLimit} bears; the others wait in line. Thread-safe. */
final class Gate {

    private final String name;
    private final LongSupplier nanoClock;
    private final RolloutMetrics metrics;
    // Fair: who waits longest has the nearest deadline.
    private final ReentrantLock lock = new ReentrantLock(true);
    private final Condition changed = lock.newCondition();
    private AdaptiveLimit limit;
    private int inFlight;
    private int shrunk;

    /** @param name of the reward, for metrics */
    Gate(String name, AdaptiveLimit limit, LongSupplier nanoClock, RolloutMetrics metrics) {
        this.name = name;
        this.limit = limit;
        this.nanoClock = nanoClock;
        this.metrics = metrics;
        metrics.limit(name, limit.inFlight());
    }

    /**
     * Makes a call, when there is room for it.
     *
     * @param items what it asks for
     * @throws StatusRuntimeException DEADLINE_EXCEEDED where there is no room in time
     */
    <T> T call(int items, Deadline deadline, Retry.Call<T> call) throws InterruptedException {
        int before = enter(deadline);
        long begin = nanoClock.getAsLong();
        try {
            T result = call.once();
            double seconds = (nanoClock.getAsLong() - begin) * 1e-9 / Math.max(1, items);
            settle(before, full -> limit.afterAnswer(seconds, full));
            return result;
        } catch (StatusRuntimeException failure) {
            if (failure.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED) {
                settle(before, full -> limit.afterRefusal());
            }
            throw failure;
        } finally {
            leave();
        }
    }

    /** How often the limit had shrunk when the call began. */
    private int enter(Deadline deadline) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (inFlight >= limit.inFlight()) {
                long remaining = deadline.timeRemaining(TimeUnit.NANOSECONDS);
                if (remaining <= 0 || changed.awaitNanos(remaining) <= 0) {
                    throw Status.DEADLINE_EXCEEDED
                            .withDescription("no more than " + limit.inFlight() + " calls at a time are borne")
                            .asRuntimeException();
                }
            }
            inFlight++;
            return shrunk;
        } finally {
            lock.unlock();
        }
    }

    /** How an answer changes the limit. */
    private interface Change {
        AdaptiveLimit after(boolean full);
    }

    private void settle(int before, Change change) {
        lock.lock();
        try {
            AdaptiveLimit next = change.after(inFlight >= limit.inFlight());
            boolean shrinks = next.calls() < limit.calls();
            // Calls that were under way together tell of one congestion, not of many.
            if (!shrinks || before == shrunk) {
                shrunk += shrinks ? 1 : 0;
                limit = next;
                metrics.limit(name, limit.inFlight());
            }
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            inFlight--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    int limit() {
        lock.lock();
        try {
            return limit.inFlight();
        } finally {
            lock.unlock();
        }
    }
}
