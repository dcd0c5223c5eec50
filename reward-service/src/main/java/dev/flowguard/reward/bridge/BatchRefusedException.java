package dev.flowguard.reward.bridge;

import dev.flowguard.reward.ScoreOutcome;

/**
 * An endpoint has no answer to a batch because of an item, or because of how many there are, and does not say which: they are to be sent one by one.
 * The message is one line for a person.
 */
final class BatchRefusedException extends Exception {

    private final boolean invalid;

    private BatchRefusedException(String message, boolean invalid) {
        super(message);
        this.invalid = invalid;
    }

    /** The endpoint finds fault with what it was sent. */
    static BatchRefusedException faulty(String message) {
        return new BatchRefusedException(message, true);
    }

    /** The endpoint failed on what it was sent. It may be well, and an image too much for it: models raise errors at what they did not expect. */
    static BatchRefusedException failed(String message) {
        return new BatchRefusedException(message, false);
    }

    /** What becomes of the item if it was alone. */
    ScoreOutcome alone() {
        String message = String.valueOf(getMessage());
        return invalid ? new ScoreOutcome.Invalid(message) : new ScoreOutcome.Failed(message);
    }
}
