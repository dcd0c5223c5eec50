package dev.flowguard.cli.doctor;

/**
 * One thing that was looked at.
 *
 * @param verdict how it is
 * @param subject what was looked at, in a word
 * @param text what was found
 * @param mend what to do about it; empty where all is well
 */
record Finding(Verdict verdict, String subject, String text, String mend) {

    /** How bad it is. */
    enum Verdict {
        OK("ok", 0),
        WARNING("warning", 1),
        FAILED("failed", 2);

        private final String word;
        private final int exitCode;

        Verdict(String word, int exitCode) {
            this.word = word;
            this.exitCode = exitCode;
        }

        String word() {
            return word;
        }

        /** What the command ends with where this is the worst. */
        int exitCode() {
            return exitCode;
        }
    }

    static Finding ok(String subject, String text) {
        return new Finding(Verdict.OK, subject, text, "");
    }

    static Finding warning(String subject, String text, String mend) {
        return new Finding(Verdict.WARNING, subject, text, mend);
    }

    static Finding failed(String subject, String text, String mend) {
        return new Finding(Verdict.FAILED, subject, text, mend);
    }
}
