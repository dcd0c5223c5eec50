package dev.flowguard.learner.training;

import org.jspecify.annotations.Nullable;

/** A loss or a gradient is NaN or infinite; the message says where. The weights were not touched. */
final class NonFiniteException extends Exception {
    private static final long serialVersionUID = 1L;

    NonFiniteException(@Nullable String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
