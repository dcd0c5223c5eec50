package dev.flowguard.rollout;

import dev.flowguard.proto.v1.DType;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.TensorDigest;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An adapter's tensors between the wire and the model, every one with its digest. */
final class AdapterWeights {

    private AdapterWeights() {}

    /**
     * The tensors of a payload, each proved to be the announced one, in the current scope.
     *
     * @throws PolicyRefusedException where a single tensor is missing, unannounced or another one
     */
    static Map<String, Tensor> decode(PolicyAnnouncement announcement, ByteBuffer payload, Device device) {
        Map<String, Tensor> tensors = read(announcement, payload, device);
        Map<String, TensorDigest> announced = new HashMap<>();
        announcement.getTensorsList().forEach(digest -> announced.put(digest.getName(), digest));
        if (!announced.keySet().equals(tensors.keySet())) {
            throw refused(
                    announcement,
                    "carries " + tensors.size() + " tensors that are not the " + announced.size() + " announced");
        }
        for (TensorDigest found : digests(tensors)) {
            if (!found.equals(announced.get(found.getName()))) {
                throw refused(announcement, "carries another " + found.getName() + " than announced");
            }
        }
        return tensors;
    }

    /** Name, type, shape and content of each tensor, read back from where it lies. */
    static List<TensorDigest> digests(Map<String, Tensor> tensors) {
        List<TensorDigest> digests = new ArrayList<>();
        tensors.forEach((name, tensor) -> {
            TensorDigest.Builder digest = TensorDigest.newBuilder()
                    .setName(name)
                    .setDtype(wireType(tensor))
                    .setSha256(Sha256.of(tensor.toBytes()));
            for (long size : tensor.shape()) {
                digest.addShape(size);
            }
            digests.add(digest.build());
        });
        return digests;
    }

    private static Map<String, Tensor> read(PolicyAnnouncement announcement, ByteBuffer payload, Device device) {
        try {
            return Safetensors.decode(payload, device);
        } catch (InputException e) {
            throw refused(announcement, "is no safetensors file: " + e.getMessage());
        }
    }

    private static DType wireType(Tensor tensor) {
        return switch (tensor.dtype()) {
            case FLOAT32 -> DType.DTYPE_FLOAT32;
            case FLOAT16 -> DType.DTYPE_FLOAT16;
            case BFLOAT16 -> DType.DTYPE_BFLOAT16;
            case INT64 -> DType.DTYPE_INT64;
            case UINT8 -> DType.DTYPE_UINT8;
            case FLOAT64, INT32, BOOL -> DType.DTYPE_UNSPECIFIED;
        };
    }

    private static PolicyRefusedException refused(PolicyAnnouncement announcement, String why) {
        return new PolicyRefusedException("policy " + announcement.getVersion() + " " + why);
    }
}
