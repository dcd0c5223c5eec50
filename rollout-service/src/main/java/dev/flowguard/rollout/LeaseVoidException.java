package dev.flowguard.rollout;

/** The lease is void: nobody waits for its group any more, and nobody is told. */
final class LeaseVoidException extends RuntimeException {

    LeaseVoidException(long leaseId) {
        super("lease " + leaseId + " is void");
    }
}
