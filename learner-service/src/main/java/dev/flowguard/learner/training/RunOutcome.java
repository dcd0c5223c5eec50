package dev.flowguard.learner.training;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a run ended.
 *
 * @param status in one word
 * @param iterations how many are done in all
 * @param message one line for a person
 * @param directory the output folder
 * @param cause what went wrong; null unless {@link Status#FAILED}
 */
public record RunOutcome(
        Status status,
        int iterations,
        String message,
        Path directory,
        @Nullable Throwable cause) {

    /** How it ended, in one word. */
    public enum Status {
        /** Every iteration is done. */
        FINISHED,
        /** It was asked to stop; it can go on with {@code --resume}. */
        STOPPED,
        /** The sentinel ended it, as the recipe wants it; everything is written. */
        HALTED,
        /** It could not go on. */
        FAILED
    }
}
