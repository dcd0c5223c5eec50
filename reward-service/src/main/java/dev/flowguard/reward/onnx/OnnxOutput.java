package dev.flowguard.reward.onnx;

import ai.onnxruntime.OnnxTensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;

/** One tensor that a network gave. Lives as long as the {@link OnnxResult} that it comes from; its {@link #numbers} live on. */
public final class OnnxOutput {

    private static final long MAX_BYTES = 1L << 28;

    private final String name;
    private final OnnxTensor tensor;
    private final long[] shape;

    OnnxOutput(String name, OnnxTensor tensor) {
        this.name = name;
        this.tensor = tensor;
        this.shape = tensor.getInfo().getShape();
    }

    /** The numbers of a tensor in row-major order. */
    @FunctionalInterface
    public interface Numbers {

        /** A number as fp32: whole ones are exact up to 2^24, true is 1. */
        float at(int index);
    }

    public int rank() {
        return shape.length;
    }

    /** Length of an axis; a negative axis counts from the last. */
    public int size(int axis) {
        return Math.toIntExact(shape[axis < 0 ? shape.length + axis : axis]);
    }

    /** How many numbers the tensor holds. */
    public long count() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    /** The shape, for a person. */
    public String shape() {
        return Arrays.toString(shape);
    }

    /**
     * A copy of the numbers.
     *
     * @throws OnnxException if they take more than 256 MiB, or are not of a type that can be read
     */
    public Numbers numbers() {
        long bytes = count() * tensor.getInfo().type.size;
        if (bytes > MAX_BYTES) {
            throw new OnnxException(
                    "the network's output '%s' has the shape %s, which takes %d bytes; at most %d can be read"
                            .formatted(name, shape(), bytes, MAX_BYTES));
        }
        switch (tensor.getInfo().type) {
            case FLOAT, FLOAT16 -> {
                FloatBuffer floats = tensor.getFloatBuffer();
                return floats::get;
            }
            case INT64 -> {
                LongBuffer longs = tensor.getLongBuffer();
                return longs::get;
            }
            case INT32 -> {
                IntBuffer ints = tensor.getIntBuffer();
                return ints::get;
            }
            case BOOL, UINT8 -> {
                ByteBuffer unsigned = tensor.getByteBuffer();
                return index -> unsigned.get(index) & 0xff;
            }
            default ->
                throw new OnnxException(
                        "the network's output '%s' is of type %s; float32, float16, int64, int32, uint8 and bool can be read"
                                .formatted(name, tensor.getInfo().type));
        }
    }
}
