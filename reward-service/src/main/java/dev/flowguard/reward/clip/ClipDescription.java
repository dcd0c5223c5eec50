package dev.flowguard.reward.clip;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/** What scorers by a CLIP say of themselves alike. */
final class ClipDescription {

    private static final int DIGEST_BYTES_IN_VERSION = 6;

    private ClipDescription() {}

    /** The prefix of a scorer's settings. */
    static String prefix(String id) {
        return "flowguard.reward." + id;
    }

    /** Of the definition, the type and the weights: whatever changes a score beyond rounding. */
    static String version(String definition, String dtype, byte[] sha256) {
        String weights = HexFormat.of().formatHex(Arrays.copyOf(sha256, DIGEST_BYTES_IN_VERSION));
        return "%s+%s.weights-%s".formatted(definition, dtype, weights);
    }

    static ScorerDescription.Builder of(String id, String version, byte[] sha256, boolean deterministic) {
        return ScorerDescription.newBuilder()
                .setScorerId(id)
                .setVersion(version)
                .setWeightsSha256(ByteString.copyFrom(sha256))
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .setArity(Arity.ARITY_POINTWISE)
                .setDeterministic(deterministic);
    }

    /** For notes, which people read. */
    static String digits(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }
}
