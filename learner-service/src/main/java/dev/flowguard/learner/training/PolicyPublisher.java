package dev.flowguard.learner.training;

import com.google.protobuf.ByteString;
import dev.flowguard.learner.coordination.Coordinator;
import dev.flowguard.learner.coordination.PolicyVersion;
import dev.flowguard.proto.v1.DType;
import dev.flowguard.proto.v1.TensorDigest;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Makes immutable versions of the policy, with a digest of every tensor, and hands them to the workers. */
final class PolicyPublisher {
    private final Policy policy;
    private final Coordinator coordinator;
    private final Compute compute;

    PolicyPublisher(Policy policy, Coordinator coordinator, Compute compute) {
        this.policy = policy;
        this.coordinator = coordinator;
        this.compute = compute;
    }

    /** Publishes the policy as it is now. Workers get leases of this version only after they proved to hold it. */
    void publish(long version) {
        coordinator.publish(compute.inference(() -> {
            List<TensorDigest> digests = new ArrayList<>();
            policy.parameters().forEach((name, tensor) -> digests.add(digest(name, tensor)));
            byte[] payload = Safetensors.encode(policy.parameters(), Map.of("format", "pt"));
            return PolicyVersion.of(version, payload, digests, policy.modules());
        }));
    }

    private static TensorDigest digest(String name, Tensor tensor) {
        TensorDigest.Builder digest = TensorDigest.newBuilder()
                .setName(name)
                .setDtype(DType.DTYPE_FLOAT32)
                .setSha256(sha256(tensor));
        for (long size : tensor.shape()) {
            digest.addShape(size);
        }
        return digest.build();
    }

    private static ByteString sha256(Tensor tensor) {
        return PolicyVersion.sha256(tensor.toBytes());
    }
}
