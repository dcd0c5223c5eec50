package dev.flowguard.reward.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import java.util.Optional;

/** What a network gave for one image, in native memory: the caller closes it. */
public final class OnnxResult implements AutoCloseable {

    private final OrtSession.Result result;

    OnnxResult(OrtSession.Result result) {
        this.result = result;
    }

    /** An output by its name; empty if the network has none of that name, or it is no tensor. */
    public Optional<OnnxOutput> find(String name) {
        return result.get(name)
                .filter(OnnxTensor.class::isInstance)
                .map(value -> new OnnxOutput(name, (OnnxTensor) value));
    }

    /** An output by its name, which must be there. */
    public OnnxOutput get(String name) {
        return find(name).orElseThrow(() -> new OnnxException("the network gave no tensor '" + name + "'"));
    }

    /** The first of the outputs, whatever its name. */
    public OnnxOutput first() {
        if (result.size() == 0 || !(result.get(0) instanceof OnnxTensor tensor)) {
            throw new OnnxException("the network gave no tensor");
        }
        return new OnnxOutput("first", tensor);
    }

    @Override
    public void close() {
        result.close();
    }
}
