package dev.flowguard.tensor;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps {@link Compute} open for business while the process shuts down.
 *
 * <p>Shutdown hooks run side by side: without a hold, devices are taken away as soon as the signal arrives and the work in
 * flight ended. A run that, when asked to stop, still computes (its last step, a checkpoint) holds from its start until its
 * last file is written. The shutdown waits for it, 60 seconds at most.
 */
public final class ShutdownHold implements AutoCloseable {

    private final ShutdownGuard guard;
    private final AtomicBoolean open = new AtomicBoolean(true);

    private ShutdownHold(ShutdownGuard guard) {
        this.guard = guard;
    }

    /** Holds until closed. Any thread may close it. */
    public static ShutdownHold open() {
        ShutdownGuard guard = Engine.get().shutdownGuard();
        guard.hold();
        return new ShutdownHold(guard);
    }

    /** Lets the shutdown go on; a second time does nothing. */
    @Override
    public void close() {
        if (open.compareAndSet(true, false)) {
            guard.release();
        }
    }
}
