package dev.flowguard.rollout;

import org.jspecify.annotations.Nullable;

/**
 * Where a worker stands, for people and probes.
 *
 * @param state what it does
 * @param runId the run that it serves, once known
 * @param policyVersion the version that its model holds, once bound
 * @param leases how many leases it holds
 * @param reason why the last session ended, if one has
 */
record WorkerStatus(
        State state,
        @Nullable String runId,
        @Nullable Long policyVersion,
        int leases,
        @Nullable String reason) {

    enum State {
        /** Not started, or stopped. */
        STOPPED,
        /** Looks for the learner. */
        CONNECTING,
        /** In a session. */
        SERVING,
        /** Finishes what it holds. */
        DRAINING,
        /** The run is over or not for this worker. */
        ENDED
    }
}
