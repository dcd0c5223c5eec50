package dev.flowguard.reward;

import java.util.HexFormat;

/** Versions of scorers whose scores follow from files, too: other files, another version. */
public final class ScorerVersion {

    /** Of the digest. Twelve hexadecimal digits tell any two sets of files apart that people will meet. */
    private static final int BYTES = 6;

    private ScorerVersion() {}

    /**
     * "1+float32.weights-0123456789ab".
     *
     * @param definition whatever else changes a score beyond rounding, and what the digest is of: "1+float32.weights"
     * @param sha256 32 bytes, of the files
     */
    public static String of(String definition, byte[] sha256) {
        return definition + "-" + HexFormat.of().formatHex(sha256, 0, BYTES);
    }
}
