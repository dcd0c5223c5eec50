package dev.flowguard.reward.clip;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.reward.ScorerVersion;
import java.util.Locale;

/** What scorers by a CLIP say of themselves alike. */
final class ClipDescription {

    private ClipDescription() {}

    /** The prefix of a scorer's settings. */
    static String prefix(String id) {
        return "flowguard.reward." + id;
    }

    /** Of the definition, the type and the weights: whatever changes a score beyond rounding. */
    static String version(String definition, String dtype, byte[] sha256) {
        return ScorerVersion.of(definition + "+" + dtype + ".weights", sha256);
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
