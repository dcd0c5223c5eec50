package dev.flowguard.rollout;

/** An endpoint that is away is not called for now: another try would meet the same. */
final class LeftAloneException extends RuntimeException {

    LeftAloneException(String message) {
        super(message);
    }
}
