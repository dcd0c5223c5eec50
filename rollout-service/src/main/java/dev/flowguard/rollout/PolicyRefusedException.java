package dev.flowguard.rollout;

/** A policy that was not bound, with one line for a person: why. The policy before it stays in place. */
final class PolicyRefusedException extends RuntimeException {

    PolicyRefusedException(String message) {
        super(message);
    }
}
