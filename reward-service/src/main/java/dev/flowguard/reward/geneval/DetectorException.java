package dev.flowguard.reward.geneval;

/** A detector failed on an image, or gave something else than it must. The message is one line for a person. */
final class DetectorException extends RuntimeException {

    DetectorException(String message) {
        super(message);
    }

    DetectorException(String message, Throwable cause) {
        super(message, cause);
    }
}
