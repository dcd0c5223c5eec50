package dev.flowguard.tensor;

/**
 * Bad input from outside: a file, an option, a value a person typed.
 *
 * <p>The message is one line that says what is wrong, where, and how to mend it; it is shown to the user as it is, without
 * a stack trace, and the process ends with exit code 2. A mistake of the program itself is an
 * {@link IllegalArgumentException} or {@link IllegalStateException} instead.
 */
public final class InputException extends RuntimeException {

    /**
     * Nothing but the user's input is to blame.
     *
     * @param message one line: what, where, how to mend it
     */
    public InputException(String message) {
        super(message);
    }

    /**
     * The user's input is to blame, and an exception noticed it.
     *
     * @param message one line: what, where, how to mend it
     * @param cause kept for the log, never shown to the user
     */
    public InputException(String message, Throwable cause) {
        super(message, cause);
    }
}
