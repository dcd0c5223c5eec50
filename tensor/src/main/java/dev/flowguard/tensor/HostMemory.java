package dev.flowguard.tensor;

import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.flowguard.tensor.OperationLibrary.Operation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.util.function.Consumer;

/**
 * Copies between Java's memory and libtorch's.
 *
 * <p>It is always a copy, but for {@link #over the pages of a file}: a tensor that lies in a Java buffer is read after the
 * garbage collector freed it, and a view of a tensor's memory crashes the JVM when used after the tensor is closed. Views live only inside the methods here. DJL's views
 * cannot span 2 GiB, so larger tensors are copied in pieces.
 *
 * <p>INVARIANT: no {@link ByteBuffer} over libtorch's memory leaves this class other than into a callback that must not keep it.
 */
final class HostMemory {

    /** What one view spans at most; a multiple of every element's size. */
    private static final long PIECE_BYTES = 1L << 30;

    private HostMemory() {}

    /** Makes a tensor (of at most 2 GiB) whose memory the filler writes, little-endian, before anybody sees it. */
    static Tensor create(Device device, DType dtype, long[] shape, Consumer<ByteBuffer> filler) {
        Tensor host = allocate(dtype, shape);
        if (host.elementCount() > 0) {
            pieces(host, filler);
        }
        return device.equals(Device.cpu()) ? host : host.to(device);
    }

    /** A tensor in the CPU's memory whose values nobody has set. */
    static Tensor allocate(DType dtype, long... shape) {
        Engine engine = Engine.get();
        if (dtype == DType.BFLOAT16) {
            // DJL cannot make one, but the memory of another type can be looked at as one.
            try (Tensor sameSize = allocate(DType.FLOAT16, shape)) {
                return sameSize.typed(Tensor.call(Operation.AS_BFLOAT16, sameSize.array()), dtype);
            }
        }
        PtNDArray empty = JniUtils.createEmptyNdArray(
                engine.manager(Device.cpu()), new Shape(shape), dtype.toDjl(), ai.djl.Device.cpu(), SparseFormat.DENSE);
        return Scope.adopt(new Tensor(empty, Device.cpu(), dtype));
    }

    /** A handle on memory that stays where it is: the caller keeps the buffer for as long as anybody may read. */
    static PtNDArray over(MappedByteBuffer memory, DType dtype, long... shape) {
        if (dtype == DType.BFLOAT16) {
            try (PtNDArray sameSize = over(memory, DType.FLOAT16, shape)) {
                return Tensor.call(Operation.AS_BFLOAT16, sameSize);
            }
        }
        return JniUtils.createNdFromByteBuffer(
                Engine.get().manager(Device.cpu()),
                memory,
                new Shape(shape),
                dtype.toDjl(),
                SparseFormat.DENSE,
                ai.djl.Device.cpu());
    }

    /**
     * Hands out the memory piece by piece, in row-major order. What is written reaches the tensor if it is contiguous and on
     * the CPU, as a new one is.
     */
    static void pieces(Tensor tensor, Consumer<ByteBuffer> consumer) {
        pieces(tensor, PIECE_BYTES, consumer);
    }

    static void pieces(Tensor tensor, long pieceBytes, Consumer<ByteBuffer> consumer) {
        long count = tensor.elementCount();
        if (count == 0) {
            return;
        }
        long step = pieceBytes / tensor.dtype().bytes();
        // Everything that DJL makes on the way, such as the copy of what is not contiguous, belongs to this scope.
        try (NDScope temporaries = new NDScope()) {
            PtNDArray host = tensor.device().equals(Device.cpu())
                    ? tensor.array()
                    : Tensor.call(
                            Operation.TO_DEVICE_OF,
                            tensor.array(),
                            Engine.get().constants().scalar(0, DType.FLOAT32, Device.cpu()));
            PtNDArray flat = JniUtils.reshape(host, new long[] {-1});
            for (long from = 0; from < count; from += step) {
                PtNDArray piece = JniUtils.slice(flat, 0, from, Math.min(from + step, count), 1);
                consumer.accept(JniUtils.getByteBuffer(piece, true).order(ByteOrder.LITTLE_ENDIAN));
            }
        }
    }

    static float[] floats(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.elementCount())];
        int[] filled = {0};
        converted(tensor, DType.FLOAT32, piece -> {
            int count = piece.remaining() / Float.BYTES;
            piece.asFloatBuffer().get(values, filled[0], count);
            filled[0] += count;
        });
        return values;
    }

    static double[] doubles(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.elementCount())];
        int[] filled = {0};
        converted(tensor, DType.FLOAT64, piece -> {
            int count = piece.remaining() / Double.BYTES;
            piece.asDoubleBuffer().get(values, filled[0], count);
            filled[0] += count;
        });
        return values;
    }

    static long[] longs(Tensor tensor) {
        long[] values = new long[Math.toIntExact(tensor.elementCount())];
        int[] filled = {0};
        converted(tensor, DType.INT64, piece -> {
            int count = piece.remaining() / Long.BYTES;
            piece.asLongBuffer().get(values, filled[0], count);
            filled[0] += count;
        });
        return values;
    }

    static byte[] bytes(Tensor tensor) {
        byte[] values =
                new byte[Math.toIntExact(tensor.elementCount() * tensor.dtype().bytes())];
        int[] filled = {0};
        pieces(tensor, piece -> {
            int count = piece.remaining();
            piece.get(values, filled[0], count);
            filled[0] += count;
        });
        return values;
    }

    private static void converted(Tensor tensor, DType dtype, Consumer<ByteBuffer> consumer) {
        if (tensor.dtype() == dtype) {
            pieces(tensor, consumer);
            return;
        }
        try (Scope scope = Scope.open()) {
            pieces(tensor.to(dtype), consumer);
        }
    }
}
