package dev.flowguard.rollout;

/** A lease that this worker cannot bring to its end; the group goes back to the learner with the reason. */
final class LeaseFailedException extends RuntimeException {

    private final boolean notTheGroupsFault;

    private LeaseFailedException(String reason, boolean notTheGroupsFault) {
        super(reason);
        this.notTheGroupsFault = notTheGroupsFault;
    }

    /** The group itself, or a scorer's answer to it, is at fault: another worker would meet the same. */
    static LeaseFailedException groupsFault(String reason) {
        return new LeaseFailedException(reason, false);
    }

    /** This worker, or a service that was out of reach for a while, is at fault: the group is as good as before. */
    static LeaseFailedException notTheGroupsFault(String reason) {
        return new LeaseFailedException(reason, true);
    }

    boolean isNotTheGroupsFault() {
        return notTheGroupsFault;
    }
}
