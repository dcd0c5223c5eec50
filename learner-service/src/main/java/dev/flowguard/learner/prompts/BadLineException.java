package dev.flowguard.learner.prompts;

/** A line that is no prompt; whoever reads the file adds where it stands. */
final class BadLineException extends Exception {
    private static final long serialVersionUID = 1;

    /** @param why the end of a sentence */
    BadLineException(String why) {
        super(why);
    }

    BadLineException(String why, Throwable cause) {
        super(why, cause);
    }

    String why() {
        return String.valueOf(getMessage());
    }
}
