package dev.flowguard.cli.rewardcheck;

/** The endpoint breaks the contract. The message is one line that says how. */
final class Fault extends Exception {

    private final String mend;

    /** @param mend what the endpoint's author should do about it */
    Fault(String message, String mend) {
        super(message);
        this.mend = mend;
    }

    String text() {
        return String.valueOf(getMessage());
    }

    String mend() {
        return mend;
    }
}
