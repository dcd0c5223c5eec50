package dev.flowguard.cli;

/**
 * One thing that was looked at.
 *
 * @param verdict how it is
 * @param subject what was looked at, in a word or two
 * @param text what was found
 * @param mend what to do about it; empty where all is well
 */
public record Finding(Verdict verdict, String subject, String text, String mend) {

    /** How bad it is; the worst comes last. */
    public enum Verdict {
        OK("ok"),
        WARNING("warning"),
        FAILED("failed");

        private final String word;

        Verdict(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    public static Finding ok(String subject, String text) {
        return new Finding(Verdict.OK, subject, text, "");
    }

    public static Finding warning(String subject, String text, String mend) {
        return new Finding(Verdict.WARNING, subject, text, mend);
    }

    public static Finding failed(String subject, String text, String mend) {
        return new Finding(Verdict.FAILED, subject, text, mend);
    }
}
