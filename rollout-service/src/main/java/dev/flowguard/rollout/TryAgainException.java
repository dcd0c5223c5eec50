package dev.flowguard.rollout;

/** The other side answered, but not with what was asked for, and may well do so on another try. */
final class TryAgainException extends RuntimeException {

    TryAgainException(String message) {
        super(message);
    }
}
