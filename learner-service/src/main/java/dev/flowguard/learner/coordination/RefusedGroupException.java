package dev.flowguard.learner.coordination;

/** A submitted group is malformed, incomplete or not finite; the message is one line for a person. */
final class RefusedGroupException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String why;

    RefusedGroupException(String why) {
        super(why);
        this.why = why;
    }

    String why() {
        return why;
    }
}
