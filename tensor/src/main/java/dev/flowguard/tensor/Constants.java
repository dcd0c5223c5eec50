package dev.flowguard.tensor;

import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Constant tensors, made once per (value, type, device) and kept for the life of the process.
 *
 * <p>Why not DJL's operations on {@link Number}: they wrap the number in a Java buffer and close it at once, while autograd
 * keeps a pointer into it. When the garbage collector then frees the buffer, <em>backward silently computes wrong
 * gradients</em>. The memory of these tensors belongs to libtorch and is never freed.
 */
final class Constants {

    /**
     * Values that change all the time (a learning rate on a schedule) must not grow the process for ever; beyond this
     * many, a constant lives in the current scope instead. Each costs about 300 bytes.
     */
    private static final int CAPACITY = 16_384;

    private final Engine engine;
    private final Map<Key, PtNDArray> cache = new ConcurrentHashMap<>();

    Constants(Engine engine) {
        this.engine = engine;
    }

    /** The number as a tensor of shape {@code []}. */
    PtNDArray scalar(double value, DType dtype, Device device) {
        return get(new Key(value, dtype, device, 0));
    }

    /** The number repeated in a tensor of shape {@code [length]}. */
    PtNDArray vector(double value, DType dtype, Device device, long length) {
        return get(new Key(value, dtype, device, length));
    }

    private PtNDArray get(Key key) {
        PtNDArray cached = cache.get(key);
        if (cached != null) {
            return cached;
        }
        PtNDArray created = create(key);
        if (cache.size() >= CAPACITY) {
            Scope.adopt(new Tensor(created, key.device, key.dtype));
            return created;
        }
        PtNDArray first = cache.putIfAbsent(key, created);
        if (first == null) {
            return created;
        }
        created.close();
        return first;
    }

    private PtNDArray create(Key key) {
        if (!key.dtype.isFloating() && key.value != Math.rint(key.value)) {
            throw new IllegalArgumentException(key.value + " is not a value of " + key.dtype);
        }
        if (key.dtype == DType.BFLOAT16) {
            PtNDArray wide = get(new Key(key.value, DType.FLOAT32, key.device, key.length));
            return engine.operations().toDType(wide, DType.BFLOAT16);
        }
        return JniUtils.full(
                engine.manager(key.device),
                key.length == 0 ? new Shape() : new Shape(key.length),
                key.value,
                key.dtype.toDjl(),
                key.device.toDjl(),
                SparseFormat.DENSE);
    }

    /** Length 0 means a scalar. Two NaNs are equal here, and 0.0 differs from -0.0, as records compare doubles. */
    private record Key(double value, DType dtype, Device device, long length) {}
}
