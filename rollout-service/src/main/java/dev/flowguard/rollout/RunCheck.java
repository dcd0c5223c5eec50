package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Sampling;
import dev.flowguard.tensor.InputException;
import java.nio.ByteBuffer;
import java.util.List;

/** Checks of a run's settings that need no model: both sides must walk the same sigmas. */
final class RunCheck {

    private RunCheck() {}

    /** @throws InputException naming the first setting that is not as it must be */
    static void require(RunSettings run) {
        require("sampling", run.getSampling());
        require("evaluation", run.getEvaluation());
        if (run.getHeight() <= 0 || run.getWidth() <= 0) {
            throw new InputException("run " + run.getRunId() + ": the image size is " + run.getHeight() + " x "
                    + run.getWidth() + "; the learner must send both");
        }
    }

    private static void require(String name, Sampling sampling) {
        List<Double> sigmas = sampling.getSigmasList();
        if (sigmas.size() < 2) {
            throw new InputException(name + ".sigmas has " + sigmas.size() + " values; a schedule has at least 2");
        }
        if (!digest(sigmas).equals(sampling.getSigmasSha256())) {
            throw new InputException(name
                    + ".sigmas do not have the SHA-256 that came with them; learner and worker must be of one version");
        }
    }

    /** Over the sigmas as big-endian fp64. */
    static ByteString digest(List<Double> sigmas) {
        ByteBuffer bytes = ByteBuffer.allocate(sigmas.size() * Double.BYTES);
        sigmas.forEach(bytes::putDouble);
        return Sha256.of(bytes.flip());
    }
}
