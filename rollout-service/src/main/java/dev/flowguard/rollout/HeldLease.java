package dev.flowguard.rollout;

import dev.flowguard.proto.v1.Lease;
import java.util.concurrent.CompletableFuture;

/** A lease that this worker has. Thread-safe. */
final class HeldLease {

    private final Lease lease;

    private volatile CompletableFuture<?> work = CompletableFuture.completedFuture(null);
    private volatile boolean wanted = true;

    HeldLease(Lease lease) {
        this.lease = lease;
    }

    Lease lease() {
        return lease;
    }

    long id() {
        return lease.getLeaseId();
    }

    /** Sets what {@link #work} returns. */
    void follow(CompletableFuture<?> begun) {
        work = begun;
    }

    /** The work on the lease; completes when it has ended, one way or the other. */
    CompletableFuture<?> work() {
        return work;
    }

    /** From now on nobody waits for the group. */
    void unwanted() {
        wanted = false;
    }

    /** @throws LeaseVoidException where nobody waits for the group any more */
    void requireWanted() {
        if (!wanted) {
            throw new LeaseVoidException(id());
        }
    }
}
