package dev.flowguard.tensor;

import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.flowguard.tensor.OperationLibrary.Operation;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An n-dimensional array of numbers in libtorch's memory.
 *
 * <p><b>Ownership.</b> A tensor belongs to the innermost {@link Scope} of the thread that made it and is closed with it;
 * {@link #keep()} moves it one scope out. Making a tensor outside any scope is an {@link IllegalStateException}. Every
 * operation makes a new tensor (which may share memory with its operand, as in PyTorch) unless it says otherwise. A closed
 * tensor throws {@link IllegalStateException} on use.
 *
 * <p><b>Memory.</b> Java arrays and buffers are copied, in both directions; no tensor ever lies in Java's memory. A tensor that
 * {@link SafetensorsFile#map} made lies in the pages of the file, and so do its views: they can be read, not changed.
 *
 * <p><b>Broadcasting, type promotion, negative dimensions</b> are PyTorch's. A number as an operand takes the type of the
 * tensor.
 *
 * <p><b>Threads.</b> One thread at a time may use a tensor; {@link Compute} hands out the turns.
 *
 * <p><b>Errors.</b> Shapes that do not fit, or a full memory, are libtorch's own errors, with its message.
 */
public final class Tensor implements AutoCloseable {

    /** How DJL spells "over all dimensions". */
    private static final int[] ALL_DIMENSIONS = {};

    private final PtNDArray array;
    private final Device device;
    private @Nullable DType dtype;
    private @Nullable Scope scope;

    /** The pages of a file that this tensor's memory is, or null; a buffer that nobody refers to is unmapped. */
    private @Nullable MappedByteBuffer pages;

    /** Wraps a handle that nobody else closes; {@code dtype} is null if only libtorch knows it. */
    Tensor(PtNDArray array, Device device, @Nullable DType dtype) {
        this.array = array;
        this.device = device;
        this.dtype = dtype;
    }

    // Creation

    /** A FLOAT32 tensor with a copy of the values in row-major order. */
    public static Tensor of(Device device, float[] values, long... shape) {
        requireCount(values.length, shape);
        return HostMemory.create(
                device, DType.FLOAT32, shape, memory -> memory.asFloatBuffer().put(values));
    }

    /** A FLOAT64 tensor with a copy of the values in row-major order. */
    public static Tensor ofDoubles(Device device, double[] values, long... shape) {
        requireCount(values.length, shape);
        return HostMemory.create(
                device, DType.FLOAT64, shape, memory -> memory.asDoubleBuffer().put(values));
    }

    /** An INT64 tensor with a copy of the values in row-major order. */
    public static Tensor ofLongs(Device device, long[] values, long... shape) {
        requireCount(values.length, shape);
        return HostMemory.create(
                device, DType.INT64, shape, memory -> memory.asLongBuffer().put(values));
    }

    /**
     * A tensor with a copy of raw elements.
     *
     * @param littleEndian the bytes from the buffer's position to its limit, which are left as they are; whatever the
     *     buffer's byte order
     * @throws IllegalArgumentException if the shape needs another number of bytes
     */
    public static Tensor fromBytes(Device device, ByteBuffer littleEndian, DType dtype, long... shape) {
        long needed = Math.multiplyExact(elementCount(shape), dtype.bytes());
        if (needed != littleEndian.remaining()) {
            throw new IllegalArgumentException(
                    dtype + Arrays.toString(shape) + " takes " + needed + " bytes, not " + littleEndian.remaining());
        }
        return HostMemory.create(device, dtype, shape, memory -> memory.put(littleEndian.duplicate()));
    }

    /** All zeros. */
    public static Tensor zeros(Device device, DType dtype, long... shape) {
        return full(device, 0, dtype, shape);
    }

    /** All ones. */
    public static Tensor ones(Device device, DType dtype, long... shape) {
        return full(device, 1, dtype, shape);
    }

    /** The same value everywhere. */
    public static Tensor full(Device device, double value, DType dtype, long... shape) {
        Engine engine = Engine.get();
        DType made = dtype == DType.BFLOAT16 ? DType.FLOAT32 : dtype;
        PtNDArray filled = JniUtils.full(
                engine.manager(device), new Shape(shape), value, made.toDjl(), device.toDjl(), SparseFormat.DENSE);
        Tensor tensor = Scope.adopt(new Tensor(filled, device, made));
        return made == dtype ? tensor : tensor.to(dtype);
    }

    // Description

    /** A new array of the sizes, outermost dimension first; empty for a scalar. */
    public long[] shape() {
        return array.getShape().getShape().clone();
    }

    /** The size of one dimension; -1 is the last. */
    public long size(int dim) {
        return array.getShape().get(dim < 0 ? dim + rank() : dim);
    }

    /** The number of dimensions. */
    public int rank() {
        return array.getShape().dimension();
    }

    /** The product of the sizes. */
    public long elementCount() {
        return array.getShape().size();
    }

    /** The type of the elements. */
    public DType dtype() {
        DType known = dtype;
        if (known == null) {
            known = DType.fromDjl(array.getDataType());
            dtype = known;
        }
        return known;
    }

    /** Where the memory lies. */
    public Device device() {
        return device;
    }

    // Arithmetic

    public Tensor add(Tensor other) {
        return combined(JniUtils.add(array, other.array), other);
    }

    public Tensor add(double value) {
        return like(JniUtils.add(array, constant(value)));
    }

    public Tensor sub(Tensor other) {
        return combined(JniUtils.sub(array, other.array), other);
    }

    public Tensor sub(double value) {
        return like(JniUtils.sub(array, constant(value)));
    }

    public Tensor mul(Tensor other) {
        return combined(JniUtils.mul(array, other.array), other);
    }

    public Tensor mul(double value) {
        return like(JniUtils.mul(array, constant(value)));
    }

    public Tensor div(Tensor other) {
        return combined(JniUtils.div(array, other.array), other);
    }

    public Tensor div(double value) {
        return like(JniUtils.div(array, constant(value)));
    }

    public Tensor neg() {
        return like(JniUtils.neg(array));
    }

    public Tensor square() {
        return like(JniUtils.square(array));
    }

    public Tensor sqrt() {
        return like(JniUtils.sqrt(array));
    }

    /** 1 / sqrt(x). */
    public Tensor rsqrt() {
        return like(call(Operation.RSQRT, array));
    }

    public Tensor exp() {
        return like(JniUtils.exp(array));
    }

    /** exp(x) - 1, exact near 0. */
    public Tensor expm1() {
        return like(call(Operation.EXPM1, array));
    }

    /** The natural logarithm. */
    public Tensor log() {
        return like(JniUtils.log(array));
    }

    public Tensor abs() {
        return like(JniUtils.abs(array));
    }

    public Tensor sin() {
        return like(JniUtils.sin(array));
    }

    public Tensor cos() {
        return like(JniUtils.cos(array));
    }

    public Tensor tanh() {
        return like(JniUtils.tanh(array));
    }

    public Tensor sigmoid() {
        return like(JniUtils.sigmoid(array));
    }

    /** x · sigmoid(x). */
    public Tensor silu() {
        return like(call(Operation.SILU, array));
    }

    /** GELU by the error function, PyTorch's default. */
    public Tensor gelu() {
        return like(JniUtils.gelu(array));
    }

    /** GELU by the tanh approximation, as in T5 and the MMDiT. */
    public Tensor geluTanh() {
        return like(call(Operation.GELU_TANH, array));
    }

    /** x · sigmoid(1.702 x), as in OpenAI's CLIP. */
    public Tensor quickGelu() {
        return mul(mul(1.702).sigmoid());
    }

    public Tensor relu() {
        return like(JniUtils.relu(array));
    }

    /** Limits the values to [low, high]; the gradient is 1 inside and 0 outside. */
    public Tensor clamp(double low, double high) {
        Constants constants = Engine.get().constants();
        return like(call(
                Operation.CLAMP,
                array,
                constants.scalar(low, DType.FLOAT64, Device.cpu()),
                constants.scalar(high, DType.FLOAT64, Device.cpu())));
    }

    /** The smaller of each pair; at a tie each side gets half of the gradient. */
    public Tensor minimum(Tensor other) {
        return combined(JniUtils.min(array, other.array), other);
    }

    /** The larger of each pair; at a tie each side gets half of the gradient. */
    public Tensor maximum(Tensor other) {
        return combined(JniUtils.max(array, other.array), other);
    }

    // Comparison

    /** BOOL: where this is greater. */
    public Tensor gt(double value) {
        return typed(JniUtils.gt(array, constant(value)), DType.BOOL);
    }

    /** BOOL: where this is greater or equal. */
    public Tensor ge(double value) {
        return typed(JniUtils.gte(array, constant(value)), DType.BOOL);
    }

    /** BOOL: where this is less. */
    public Tensor lt(double value) {
        return typed(JniUtils.lt(array, constant(value)), DType.BOOL);
    }

    /** BOOL: where this is less or equal. */
    public Tensor le(double value) {
        return typed(JniUtils.lte(array, constant(value)), DType.BOOL);
    }

    /** BOOL: where both are equal. */
    public Tensor eq(Tensor other) {
        return typed(JniUtils.eq(array, other.array), DType.BOOL);
    }

    /**
     * Elements of {@code a} where the condition holds and of {@code b} elsewhere.
     *
     * @param condition BOOL
     */
    public static Tensor where(Tensor condition, Tensor a, Tensor b) {
        return a.combined(JniUtils.where(condition.array, a.array, b.array), b);
    }

    /** INT64: the index of the largest element along a dimension, which vanishes. */
    public Tensor argmax(int dim) {
        return typed(JniUtils.argMax(array, dim, false), DType.INT64);
    }

    // Linear algebra and reductions

    /** The matrix product over the last two dimensions; those before are broadcast. */
    public Tensor matmul(Tensor other) {
        return combined(JniUtils.matmul(array, other.array), other);
    }

    public Tensor softmax(int dim) {
        if (dtype() == DType.BFLOAT16) {
            PtNDArray axis = Engine.get().constants().scalar(dim, DType.INT64, Device.cpu());
            return like(call(Operation.SOFTMAX, array, axis));
        }
        return like(JniUtils.softmax(array, dim, dtype().toDjl()));
    }

    /** The running sum along a dimension. */
    public Tensor cumsum(int dim) {
        return like(JniUtils.cumSum(array, dim));
    }

    /** The sum of all elements, shape {@code []}. Half types are widened to FLOAT32 first; integers become INT64. */
    public Tensor sum() {
        Tensor source = widened();
        return source.summed(JniUtils.sum(source.array));
    }

    /** The sum over some dimensions. Half types are widened to FLOAT32 first; integers become INT64. */
    public Tensor sum(boolean keep, int... dims) {
        Tensor source = widened();
        return source.summed(JniUtils.sum(source.array, toLongs(dims), keep));
    }

    /** The mean of all elements, shape {@code []}. Half types are widened to FLOAT32 first. */
    public Tensor mean() {
        Tensor source = widened();
        return source.like(JniUtils.mean(source.array));
    }

    /** The mean over some dimensions. Half types are widened to FLOAT32 first. */
    public Tensor mean(boolean keep, int... dims) {
        Tensor source = widened();
        if (dims.length == 1) {
            return source.like(JniUtils.mean(source.array, dims[0], keep));
        }
        long count = 1;
        for (int dim : dims) {
            count *= size(dim);
        }
        return source.sum(keep, dims).div((double) count);
    }

    /** The sum over some dimensions (all, if none is named), accumulated in FLOAT64 and of that type. */
    public Tensor sumFloat64(int... dims) {
        Tensor wide = to(DType.FLOAT64);
        return dims.length == 0 ? wide.sum() : wide.sum(false, dims);
    }

    /** The Euclidean norm of all elements, shape {@code []}. */
    public Tensor norm() {
        return like(JniUtils.norm(array, 2, ALL_DIMENSIONS, false));
    }

    // Shape

    /** The same elements in another shape, as a view where memory allows; one size may be -1. */
    public Tensor reshape(long... shape) {
        return view(JniUtils.reshape(array, shape));
    }

    /** A view whose dimension i is this one's dimension {@code dims[i]}. */
    public Tensor permute(int... dims) {
        return view(JniUtils.permute(array, toLongs(dims)));
    }

    /** A view with two dimensions exchanged. */
    public Tensor transpose(int first, int second) {
        return view(JniUtils.transpose(array, first, second));
    }

    /**
     * A view of a range of one dimension.
     *
     * @param from the first index
     * @param to one past the last index
     * @throws IndexOutOfBoundsException if the range does not lie within the dimension (PyTorch would cut it silently)
     */
    public Tensor slice(int dim, long from, long to) {
        long size = size(dim);
        if (from < 0 || from > to || to > size) {
            throw new IndexOutOfBoundsException(
                    "[" + from + ", " + to + ") of dimension " + dim + " in " + Arrays.toString(shape()));
        }
        return view(JniUtils.slice(array, dim, from, to, 1));
    }

    /** A view with a new dimension of size 1. */
    public Tensor unsqueeze(int dim) {
        return view(JniUtils.unsqueeze(array, dim));
    }

    /** A view without one dimension of size 1. */
    public Tensor squeeze(int dim) {
        return view(JniUtils.squeeze(array, dim));
    }

    /** A view in which dimensions of size 1 are repeated. */
    public Tensor broadcastTo(long... shape) {
        return view(JniUtils.broadcast(array, new Shape(shape)));
    }

    /**
     * Views of equal parts of one dimension.
     *
     * @throws IllegalArgumentException if the dimension cannot be divided by {@code count}
     */
    public List<Tensor> chunk(int count, int dim) {
        long size = size(dim);
        if (size % count != 0) {
            throw new IllegalArgumentException(
                    "dimension " + dim + " of " + Arrays.toString(shape()) + " has no " + count + " equal parts");
        }
        List<Tensor> parts = new ArrayList<>(count);
        for (ai.djl.ndarray.NDArray part : JniUtils.split(array, size / count, dim < 0 ? dim + rank() : dim)) {
            parts.add(view((PtNDArray) part));
        }
        return parts;
    }

    // Copies and moves

    /** The values in another type; a new handle on the same memory if the type is the same. */
    public Tensor to(DType type) {
        PtNDArray cast = Engine.get().operations().toDType(array, type);
        return type == dtype() ? view(cast) : typed(cast, type);
    }

    /** The values on another device; a new handle on the same memory if the device is the same. */
    public Tensor to(Device target) {
        Engine engine = Engine.get();
        PtNDArray there = engine.constants().scalar(0, DType.FLOAT32, target);
        PtNDArray moved = call(Operation.TO_DEVICE_OF, array, there);
        return target.equals(device) ? view(moved) : Scope.adopt(new Tensor(moved, target, dtype()));
    }

    /** The same memory, cut off from the graph. */
    public Tensor detach() {
        return view(JniUtils.detachGradient(array));
    }

    /** A copy in memory of its own; it stays in the graph. */
    public Tensor duplicate() {
        return like(JniUtils.clone(array));
    }

    /**
     * Overwrites this tensor's values in place, without a trace in the graph: the way to load weights or to follow an
     * average. The source may have another type or device, and a shape that can be broadcast.
     *
     * @throws IllegalStateException if this lies in a mapped file
     */
    public void assign(Tensor source) {
        requireWritable();
        try (NoGrad noGrad = NoGrad.enter()) {
            call(Operation.COPY_INTO, array, source.array).close();
        }
    }

    // Values in Java

    /** Whether no element is NaN or infinite. */
    public boolean allFinite() {
        try (Scope scope = Scope.open()) {
            // x - x is 0 for a finite x and NaN otherwise, and a sum with a NaN in it is NaN.
            Tensor zero = detach().sub(this.detach()).sum();
            return Double.isFinite(zero.itemDouble());
        }
    }

    /**
     * The only element.
     *
     * @throws IllegalStateException if there is not exactly one
     */
    public float item() {
        return (float) itemDouble();
    }

    /**
     * The only element.
     *
     * @throws IllegalStateException if there is not exactly one
     */
    public double itemDouble() {
        if (elementCount() != 1) {
            throw new IllegalStateException(Arrays.toString(shape()) + " holds more or less than one element");
        }
        return toDoubles()[0];
    }

    /** A copy of the elements in row-major order, converted to float. */
    public float[] toFloats() {
        return HostMemory.floats(this);
    }

    /** A copy of the elements in row-major order, converted to double. */
    public double[] toDoubles() {
        return HostMemory.doubles(this);
    }

    /** A copy of the elements in row-major order, converted to long (towards zero); BOOL becomes 0 and 1. */
    public long[] toLongs() {
        return HostMemory.longs(this);
    }

    /** A copy of the raw elements in row-major order, each little-endian. */
    public byte[] toBytes() {
        return HostMemory.bytes(this);
    }

    // Ownership

    /**
     * Moves this tensor out of the innermost scope into the enclosing one; out of the outermost, the caller owns it and
     * closes it. A tensor that already lies further out stays where it is.
     *
     * @return this
     */
    public Tensor keep() {
        Scope owner = scope;
        if (owner != null && owner == Scope.innermost()) {
            owner.release(this);
        }
        return this;
    }

    /**
     * Takes this tensor out of every scope: the caller owns it and closes it. For what outlives all work, such as weights.
     *
     * @return this
     */
    public Tensor unscoped() {
        scope = null;
        return this;
    }

    /** Frees this handle; the memory goes when no graph and no view needs it. Closing twice does nothing. */
    @Override
    public void close() {
        array.close();
    }

    // Gradients

    /**
     * Makes this a leaf whose gradient backward computes.
     *
     * @return this
     */
    public Tensor requireGradient() {
        JniUtils.attachGradient(array, true);
        return this;
    }

    /** Whether this is a leaf that asked for its gradient; false for results, recorded or not. */
    public boolean requiresGradient() {
        return JniUtils.requiresGrad(array);
    }

    /** The accumulated gradient of a leaf, sharing its memory, as a new tensor of the current scope; null before backward. */
    public @Nullable Tensor gradient() {
        PtNDArray gradient = JniUtils.getGradient(array);
        return gradient == null ? null : like(gradient);
    }

    /** Sets the accumulated gradient to zero. */
    public void zeroGradient() {
        JniUtils.zeroGrad(array);
    }

    /**
     * Adds the gradient of this scalar to every leaf behind it, and frees the graph.
     *
     * @throws IllegalStateException if nothing was recorded: not inside {@link Compute#training}, or no leaf requires it
     */
    public void backward() {
        if (elementCount() != 1) {
            throw new IllegalStateException("backward starts from one number, not from " + Arrays.toString(shape()));
        }
        Tensor one = like(JniUtils.clone(Engine.get().constants().scalar(1, dtype(), device)));
        Autograd.backward(List.of(this), List.of(one));
    }

    @Override
    public String toString() {
        return array.isReleased() ? "Tensor(closed)" : dtype() + Arrays.toString(shape()) + " on " + device;
    }

    // For this package

    /** A new handle on this very tensor, graph and all. */
    Tensor sameTensor() {
        return to(dtype());
    }

    /** Whether a backward can go through or end at this tensor. */
    boolean inGraph() {
        try (Scope scope = Scope.open()) {
            return typed(call(Operation.IN_GRAPH, array), DType.INT64).item() != 0;
        }
    }

    /** Whether this was not computed by a recorded operation. */
    boolean isLeaf() {
        return !inGraph() || requiresGradient();
    }

    PtNDArray array() {
        return array;
    }

    @Nullable
    Scope scope() {
        return scope;
    }

    void setScope(@Nullable Scope owner) {
        scope = owner;
    }

    static PtNDArray call(Operation operation, PtNDArray... arguments) {
        return Engine.get().operations().call(operation, arguments);
    }

    /** A result of this tensor's type and device, in the innermost scope. */
    Tensor like(PtNDArray result) {
        return Scope.adopt(new Tensor(result, device, dtype));
    }

    /** A result that may share this tensor's memory, in the innermost scope. */
    private Tensor view(PtNDArray result) {
        Tensor view = like(result);
        view.pages = pages;
        return view;
    }

    /**
     * A tensor of the CPU over the pages of a file, in the innermost scope. It must stay open until every graph that it went
     * into is gone; {@link #requireWritable} keeps writers away.
     */
    static Tensor over(MappedByteBuffer pages, DType dtype, long... shape) {
        Tensor tensor = Scope.adopt(new Tensor(HostMemory.over(pages, dtype, shape), Device.cpu(), dtype));
        tensor.pages = pages;
        return tensor;
    }

    /** INVARIANT: nothing writes to the pages of a file; they are mapped for reading only, and a write ends the process. */
    void requireWritable() {
        if (pages != null) {
            throw new IllegalStateException(
                    this + " lies in a mapped file and cannot be changed: make a duplicate of it first");
        }
    }

    /** A result of this tensor's device, in the innermost scope. */
    Tensor typed(PtNDArray result, DType type) {
        return Scope.adopt(new Tensor(result, device, type));
    }

    static long elementCount(long... shape) {
        long count = 1;
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("negative size in " + Arrays.toString(shape));
            }
            count = Math.multiplyExact(count, size);
        }
        return count;
    }

    private Tensor combined(PtNDArray result, Tensor other) {
        DType common = dtype == other.dtype ? dtype : null;
        // A scalar of the CPU may meet a tensor of a GPU; the result is then on the GPU.
        Device where = device.equals(other.device) || other.device.equals(Device.cpu()) ? device : other.device;
        return Scope.adopt(new Tensor(result, where, common));
    }

    private Tensor summed(PtNDArray result) {
        return typed(result, dtype().isFloating() ? dtype() : DType.INT64);
    }

    private Tensor widened() {
        return dtype().isHalf() ? to(DType.FLOAT32) : this;
    }

    /**
     * A number as an operand. Beside a 16-bit tensor it is FLOAT32 and on the CPU, as Python's numbers are for PyTorch: the
     * result has the tensor's type, but 1.702 does not become 1.703 before it is used.
     */
    private PtNDArray constant(double value) {
        Constants constants = Engine.get().constants();
        return dtype().isHalf() && rank() > 0
                ? constants.scalar(value, DType.FLOAT32, Device.cpu())
                : constants.scalar(value, dtype(), device);
    }

    private static long[] toLongs(int[] values) {
        long[] longs = new long[values.length];
        for (int i = 0; i < values.length; i++) {
            longs[i] = values[i];
        }
        return longs;
    }

    private static void requireCount(int given, long[] shape) {
        if (given != elementCount(shape)) {
            throw new IllegalArgumentException(given + " values do not fill " + Arrays.toString(shape));
        }
    }
}
