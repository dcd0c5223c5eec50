package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.ScorerDescription;
import java.util.HexFormat;

/**
 * Who answers behind an address is not who the run wants. Another try may meet another replica, so it is tried again like
 * an outage, and its scores are never used.
 */
final class WrongScorerException extends RuntimeException {

    WrongScorerException(String message) {
        super(message);
    }

    /** @throws WrongScorerException where version or weights are not those that the run names */
    static void require(RewardEndpoint wanted, ScorerDescription found) {
        requireVersion(wanted, found.getVersion());
        ByteString weights = wanted.getWeightsSha256();
        if (!weights.isEmpty() && !weights.equals(found.getWeightsSha256())) {
            throw new WrongScorerException(
                    "its weights have SHA-256 " + hex(found.getWeightsSha256()) + ", the recipe wants " + hex(weights)
                            + "; serve those weights, or mend weights_sha256 in the recipe");
        }
    }

    /** @throws WrongScorerException where the run names another version */
    static void requireVersion(RewardEndpoint wanted, String found) {
        if (!wanted.getVersion().isEmpty() && !wanted.getVersion().equals(found)) {
            throw new WrongScorerException("it is version '" + found + "', the recipe wants '" + wanted.getVersion()
                    + "'; serve that version, or mend version in the recipe");
        }
    }

    private static String hex(ByteString sha256) {
        return sha256.isEmpty() ? "(none)" : HexFormat.of().formatHex(sha256.toByteArray());
    }
}
