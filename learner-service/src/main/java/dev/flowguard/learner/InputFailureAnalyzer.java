package dev.flowguard.learner;

import dev.flowguard.tensor.InputException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Reports a start that failed because of bad input by its one line, without a stack trace. */
final class InputFailureAnalyzer extends AbstractFailureAnalyzer<InputException> {

    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, InputException cause) {
        return new FailureAnalysis(String.valueOf(cause.getMessage()), null, cause);
    }

    static boolean isCausedByInput(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InputException) {
                return true;
            }
        }
        return false;
    }
}
