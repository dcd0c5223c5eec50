package dev.flowguard.learner.coordination;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.PolicyBound;
import dev.flowguard.proto.v1.TensorDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * One version of the policy, immutable.
 *
 * @param version 0 for the untrained adapter, then one more with every publication
 * @param payload a safetensors file of LoRA weights with PEFT names
 * @param sha256 of the payload
 * @param tensors the digest of every tensor in the payload
 * @param modules how many modules must receive an adapter
 */
public record PolicyVersion(
        long version, ByteString payload, ByteString sha256, List<TensorDigest> tensors, int modules) {
    public PolicyVersion {
        tensors = List.copyOf(tensors);
    }

    /** A version whose payload digest is computed here. */
    public static PolicyVersion of(long version, byte[] payload, List<TensorDigest> tensors, int modules) {
        return new PolicyVersion(version, ByteString.copyFrom(payload), sha256(payload), tensors, modules);
    }

    /** SHA-256 of bytes, as it travels. */
    public static ByteString sha256(byte[] bytes) {
        return ByteString.copyFrom(DigestUtils.sha256(bytes));
    }

    PolicyAnnouncement toAnnouncement() {
        return PolicyAnnouncement.newBuilder()
                .setVersion(version)
                .setSha256(sha256)
                .setSizeBytes(payload.size())
                .addAllTensors(tensors)
                .setModules(modules)
                .build();
    }

    /** Why {@code bound} does not prove that the worker's model holds exactly this version; empty where it does. */
    Optional<String> objection(PolicyBound bound) {
        if (!bound.getError().isEmpty()) {
            return Optional.of(bound.getError());
        }
        Map<String, TensorDigest> found = new HashMap<>();
        bound.getTensorsList().forEach(digest -> found.put(digest.getName(), digest));
        for (TensorDigest expected : tensors) {
            TensorDigest actual = found.remove(expected.getName());
            if (actual == null) {
                return Optional.of("module tensor " + expected.getName() + " was not bound");
            }
            if (!actual.equals(expected)) {
                return Optional.of(
                        "module tensor " + expected.getName() + " reads back as other values, dtype or shape");
            }
        }
        if (!found.isEmpty()) {
            return Optional.of("module tensor " + found.keySet().iterator().next() + " is not in the policy");
        }
        if (bound.getModulesBound() != modules) {
            return Optional.of(
                    "bound " + Integer.toUnsignedString(bound.getModulesBound()) + " of " + modules + " modules");
        }
        return Optional.empty();
    }
}
