package dev.flowguard.tensor;

import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the work in flight end before the process does.
 *
 * <p>When a signal ends the JVM while libtorch's threads are in a backward, the process dies of a segmentation fault (4 of 4
 * times with two threads) instead of with the signal's exit code, and leaves a core dump behind. So the JVM's shutdown waits
 * for every {@link ShutdownHold} and then for the lock of every {@link Compute}, after which no work starts any more.
 */
final class ShutdownGuard {

    private static final Logger LOG = LoggerFactory.getLogger(ShutdownGuard.class);

    /** For all of it together: a training step and the files after it take seconds. */
    private static final long PATIENCE_SECONDS = 60;

    private final Object monitor = new Object();
    private final Collection<Compute> computes;
    private int holds;

    private ShutdownGuard(Collection<Compute> computes) {
        this.computes = computes;
    }

    /** Makes the end of the process wait for these devices; the collection is a live view. */
    static ShutdownGuard install(Collection<Compute> computes) {
        ShutdownGuard guard = new ShutdownGuard(computes);
        Runtime.getRuntime().addShutdownHook(new Thread(guard::retireAll, "flowguard-shutdown-guard"));
        return guard;
    }

    void hold() {
        synchronized (monitor) {
            holds++;
        }
    }

    void release() {
        synchronized (monitor) {
            holds--;
            monitor.notifyAll();
        }
    }

    private void retireAll() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        try {
            awaitHolds(deadline);
            for (Compute compute : computes) {
                if (!compute.retire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    LOG.warn("work on {} did not end within {} s of the shutdown", compute.device(), PATIENCE_SECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitHolds(long deadline) throws InterruptedException {
        synchronized (monitor) {
            while (holds > 0) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    LOG.warn("a run did not end within {} s of the shutdown", PATIENCE_SECONDS);
                    return;
                }
                monitor.wait(left);
            }
        }
    }
}
