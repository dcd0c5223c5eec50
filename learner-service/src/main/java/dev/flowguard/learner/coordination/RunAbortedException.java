package dev.flowguard.learner.coordination;

import org.jspecify.annotations.Nullable;

/** The run cannot go on; the message is one line that says why and what to do. */
public final class RunAbortedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RunAbortedException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
