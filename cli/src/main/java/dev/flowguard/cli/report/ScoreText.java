package dev.flowguard.cli.report;

import java.util.Locale;

/** Scores as people read them. Their scale is the scorer's: an OCR score is .7, a JPEG size -.004. */
public final class ScoreText {

    /** Digits after the point of a score of ordinary size, and significant ones of a small one. */
    private static final int DIGITS = 3;

    /** In captions, which have little room, a score of ordinary size has one less. */
    private static final int DIGITS_IN_CAPTIONS = 2;

    private static final double LARGE = 100;

    private static final int MOST_DECIMALS = 9;

    private ScoreText() {}

    /** Three decimals, or as many as show three digits: "0.712", "-0.00312". */
    public static String of(double score) {
        return of(score, score);
    }

    /** For a caption: two decimals, of large scores one, of small ones as many as show three digits: "0.71", "123.4", "-0.00312". */
    static String brief(double score) {
        double magnitude = Math.abs(score);
        return text(score, magnitude >= LARGE ? 1 : decimals(magnitude, DIGITS_IN_CAPTIONS));
    }

    /** A score with as many decimals as a given magnitude needs, such as the mean that it is the margin of. */
    static String of(double score, double magnitude) {
        return text(score, decimals(Math.abs(magnitude), DIGITS));
    }

    private static String text(double score, int decimals) {
        return String.format(Locale.ROOT, "%." + decimals + "f", score);
    }

    /** @param ordinary how many a score has that is not small */
    private static int decimals(double magnitude, int ordinary) {
        if (!(magnitude > 0 && magnitude < 0.1)) {
            return ordinary;
        }
        return Math.min(MOST_DECIMALS, DIGITS - 1 - (int) Math.floor(Math.log10(magnitude)));
    }
}
