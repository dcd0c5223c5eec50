package dev.flowguard.learner.coordination;

/** A submitted group is malformed, incomplete or not finite; the message is one line for a person. */
final class RefusedGroupException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedGroupException(String message) {
        super(message);
    }
}
