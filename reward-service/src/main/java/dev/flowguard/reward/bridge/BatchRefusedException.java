package dev.flowguard.reward.bridge;

/** An endpoint finds fault with an item of a batch, and does not say with which. The message is one line for a person. */
final class BatchRefusedException extends Exception {

    BatchRefusedException(String message) {
        super(message);
    }
}
