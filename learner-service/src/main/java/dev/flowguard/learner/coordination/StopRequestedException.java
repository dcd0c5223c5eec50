package dev.flowguard.learner.coordination;

/** Somebody asked the run to stop while it was waiting for groups. */
public final class StopRequestedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StopRequestedException() {
        super("the run was asked to stop");
    }
}
