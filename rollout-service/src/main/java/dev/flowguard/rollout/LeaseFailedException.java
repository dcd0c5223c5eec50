package dev.flowguard.rollout;

/** A lease that this worker cannot bring to its end; the group goes back to the learner with the reason. */
final class LeaseFailedException extends RuntimeException {

    private final boolean notTheGroupsFault;
    private final String reward;

    private LeaseFailedException(String reason, boolean notTheGroupsFault, String reward) {
        super(reason);
        this.notTheGroupsFault = notTheGroupsFault;
        this.reward = reward;
    }

    /** The group itself, or a scorer's answer to it, is at fault: another worker would meet the same. */
    static LeaseFailedException groupsFault(String reason) {
        return new LeaseFailedException(reason, false, "");
    }

    /** This worker, or a service that was out of reach for a while, is at fault: the group is as good as before. */
    static LeaseFailedException notTheGroupsFault(String reason) {
        return new LeaseFailedException(reason, true, "");
    }

    /** A score that must be there could not be had. */
    static LeaseFailedException noScore(String reward, String reason, boolean notTheGroupsFault) {
        return new LeaseFailedException(reason, notTheGroupsFault, reward);
    }

    /** The reward whose score is missing; empty where the lease failed for another reason. */
    String reward() {
        return reward;
    }

    boolean isNotTheGroupsFault() {
        return notTheGroupsFault;
    }
}
