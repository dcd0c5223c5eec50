package dev.flowguard.rollout;

/** How a session ended, with one line for a person. */
sealed interface SessionEnd {

    String reason();

    /** The run is over. */
    record RunOver(String reason) implements SessionEnd {}

    /** This worker and this run do not go together: coming back is pointless. */
    record Refused(String reason) implements SessionEnd {}

    /** The connection broke or the learner is away: come back. */
    record Lost(String reason) implements SessionEnd {}

    /** The worker itself left. */
    record Left(String reason) implements SessionEnd {}
}
