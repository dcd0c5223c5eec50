package dev.flowguard.tensor;

import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the work in flight end before the process does.
 *
 * <p>When a signal ends the JVM while libtorch's threads are in a backward, the process dies of a segmentation fault (4 of 4
 * times with two threads) instead of with the signal's exit code, and leaves a core dump behind.
 */
final class ShutdownGuard {

    private static final Logger LOG = LoggerFactory.getLogger(ShutdownGuard.class);

    /** Longer than a training micro-batch; shorter than the patience of a container's supervisor, usually 30 s. */
    private static final long PATIENCE_SECONDS = 20;

    private ShutdownGuard() {}

    /** Makes the end of the process wait for these devices; the collection is a live view. */
    static void install(Collection<Compute> computes) {
        Thread hook = new Thread(() -> retireAll(computes), "flowguard-compute-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private static void retireAll(Collection<Compute> computes) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        for (Compute compute : computes) {
            try {
                if (!compute.retire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    LOG.warn("work on {} did not end within {} s of the shutdown", compute.device(), PATIENCE_SECONDS);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
