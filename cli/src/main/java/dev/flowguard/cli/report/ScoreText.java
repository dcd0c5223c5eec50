package dev.flowguard.cli.report;

import java.util.Locale;

/** Scores as people read them. Their scale is the scorer's: an OCR score is .7, a JPEG size -.004. */
public final class ScoreText {

    /** Digits after the point of a score of ordinary size, and significant ones of a small one. */
    private static final int DIGITS = 3;

    private static final int MOST_DECIMALS = 9;

    private ScoreText() {}

    /** Three decimals, or as many as show three digits: "0.712", "-0.00312". */
    public static String of(double score) {
        return of(score, score);
    }

    /** A score with as many decimals as a given magnitude needs, such as the mean that it is the margin of. */
    static String of(double score, double magnitude) {
        return String.format(Locale.ROOT, "%." + decimals(Math.abs(magnitude)) + "f", score);
    }

    private static int decimals(double magnitude) {
        if (!(magnitude > 0 && magnitude < 0.1)) {
            return DIGITS;
        }
        return Math.min(MOST_DECIMALS, DIGITS - 1 - (int) Math.floor(Math.log10(magnitude)));
    }
}
