package dev.flowguard.learner.training;

/** The sentinel ends the run, as the recipe wants it. The message is one line for a person. */
final class OverOptimisedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OverOptimisedException(String message) {
        super(message);
    }
}
