package dev.flowguard.reward;

/** The service cannot start as configured. The message is one line: what, where, how to mend it. */
public final class RewardConfigurationException extends IllegalArgumentException {

    public RewardConfigurationException(String message) {
        super(message);
    }

    /** The cause is for the log, never shown to the user. */
    public RewardConfigurationException(String message, Throwable cause) {
        super(message, cause);
    }
}
