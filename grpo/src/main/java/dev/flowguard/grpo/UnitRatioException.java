package dev.flowguard.grpo;

/** The policy in training does not give back the steps that were sampled with its weights; the message says where. */
public final class UnitRatioException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnitRatioException(String message) {
        super(message);
    }
}
