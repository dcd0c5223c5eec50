package dev.flowguard.reward.onnx;

/** A network failed on an input, or gave something else than it must. The message is one line for a person. */
public final class OnnxException extends RuntimeException {

    public OnnxException(String message) {
        super(message);
    }

    OnnxException(String message, Throwable cause) {
        super(message, cause);
    }
}
