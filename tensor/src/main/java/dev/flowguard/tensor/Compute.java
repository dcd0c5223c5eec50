package dev.flowguard.tensor;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The right to compute on a device: one thread at a time, first come first served.
 *
 * <p>libtorch parallelises inside an operation, so a second thread would only take cores from the first. The lock is also
 * what the JVM's shutdown waits for: ending the process in the middle of a backward crashes it.
 *
 * <p>Each piece of work runs in a {@link Scope} of its own and with gradients on or off as its kind says. A tensor that the
 * work returns must have been {@linkplain Tensor#keep() kept}. Work may contain work for the same device: a forward pass
 * without gradients inside a training step is {@code compute.inference(...)} inside {@code compute.training(...)}.
 */
public final class Compute {

    private final Device device;
    private final ReentrantLock lock = new ReentrantLock(true);
    private volatile boolean retired;

    Compute(Device device) {
        this.device = device;
    }

    /** The one instance of a device. */
    public static Compute on(Device device) {
        return Engine.get().compute(device);
    }

    /** The device whose turn this object hands out. */
    public Device device() {
        return device;
    }

    /** Runs work that records nothing for backward. */
    public <T> T inference(Supplier<T> work) {
        return run(false, work);
    }

    /** Runs work whose operations on tensors that {@linkplain Tensor#requireGradient() require gradients} are recorded. */
    public <T> T training(Supplier<T> work) {
        return run(true, work);
    }

    /**
     * Waits for the work in flight and lets none start after it, so that the process can end.
     *
     * @return whether the work in flight ended in time
     */
    boolean retire(long timeout, TimeUnit unit) throws InterruptedException {
        boolean idle = lock.tryLock(timeout, unit);
        retired = true;
        if (idle) {
            lock.unlock();
        }
        return idle;
    }

    private <T> T run(boolean gradients, Supplier<T> work) {
        lock.lock();
        try {
            // INVARIANT: after retire() returned true no work runs, as this is read while holding the lock.
            if (retired) {
                throw new IllegalStateException("the process is ending: no more work on " + device);
            }
            try (Scope scope = Scope.open(gradients)) {
                return work.get();
            }
        } finally {
            lock.unlock();
        }
    }
}
