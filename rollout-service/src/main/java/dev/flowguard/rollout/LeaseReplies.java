package dev.flowguard.rollout;

/** What a worker can say to the learner about its leases. Thread-safe; silent once the session is over. */
interface LeaseReplies {

    /** Asks for this many leases more. */
    void grant(int credits);

    /**
     * Gives a lease back.
     *
     * @param reason one line for a person
     * @param notTheGroupsFault whether another try may well succeed
     */
    void giveBack(long leaseId, String reason, boolean notTheGroupsFault);
}
