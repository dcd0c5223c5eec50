package dev.flowguard.tensor;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.flowguard.tensor.OperationLibrary.Operation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The layers of a network as functions of their weights. All of them take part in autograd. */
public final class Ops {

    private static final Shape NO_DILATION = new Shape(1, 1);
    private static final int NEAREST = 0;

    private Ops() {}

    /**
     * x · wᵀ + b.
     *
     * @param x {@code [..., in]}
     * @param weight {@code [out, in]}
     * @param bias {@code [out]}, or null for none
     * @return {@code [..., out]}
     */
    public static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
        return x.like(JniUtils.linear(x.array(), weight.array(), arrayOf(bias)));
    }

    /**
     * Zero mean and unit variance over the last dimension, then scale and shift.
     *
     * @param x {@code [..., n]}
     * @param weight {@code [n]}, or null for 1
     * @param bias {@code [n]}, or null for 0
     * @param epsilon added to the variance
     */
    public static Tensor layerNorm(Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, double epsilon) {
        long size = x.size(-1);
        Constants constants = Engine.get().constants();
        PtNDArray scale = weight == null ? constants.vector(1, x.dtype(), x.device(), size) : weight.array();
        PtNDArray shift = bias == null ? constants.vector(0, x.dtype(), x.device(), size) : bias.array();
        return x.like(JniUtils.layerNorm(x.array(), new Shape(size), scale, shift, epsilon));
    }

    /**
     * x / sqrt(mean(x²) + epsilon) · weight over the last dimension.
     *
     * @param x {@code [..., n]}
     * @param weight {@code [n]}
     */
    public static Tensor rmsNorm(Tensor x, Tensor weight, double epsilon) {
        return x.like(Tensor.call(Operation.RMS_NORM, x.array(), weight.array(), number(epsilon)));
    }

    /**
     * Zero mean and unit variance over each group of channels, then scale and shift by channel.
     *
     * @param x {@code [B, C, ...]}
     * @param groups a divisor of C
     * @param weight {@code [C]}
     * @param bias {@code [C]}
     */
    public static Tensor groupNorm(Tensor x, int groups, Tensor weight, Tensor bias, double epsilon) {
        return x.like(Tensor.call(
                Operation.GROUP_NORM, x.array(), integer(groups), weight.array(), bias.array(), number(epsilon)));
    }

    /**
     * softmax(q · kᵀ / sqrt(d)) · v by a fused kernel.
     *
     * @param query {@code [B, heads, L, d]}
     * @param key {@code [B, heads, S, d]}
     * @param value {@code [B, heads, S, d]}
     * @param mask broadcastable to {@code [B, heads, L, S]}: added to the scores, or as BOOL, true where attention is
     *     allowed; null for none
     * @param causal whether position i sees only the positions up to i; not together with a mask
     * @return {@code [B, heads, L, d]}
     */
    public static Tensor attention(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
        if (mask == null) {
            Operation operation = causal ? Operation.ATTENTION_CAUSAL : Operation.ATTENTION;
            return query.like(Tensor.call(operation, query.array(), key.array(), value.array()));
        }
        if (causal) {
            throw new IllegalArgumentException("attention is causal or masked, not both: put the order into the mask");
        }
        return query.like(
                Tensor.call(Operation.ATTENTION_MASKED, query.array(), key.array(), value.array(), mask.array()));
    }

    /**
     * softmax(scale · q · kᵀ + bias) · v, for networks that do not scale by 1/sqrt(d).
     *
     * @param query {@code [B, heads, L, d]}
     * @param key {@code [B, heads, S, d]}
     * @param value {@code [B, heads, S, d]}
     * @param bias broadcastable to {@code [B, heads, L, S]}, of the queries' type
     * @return {@code [B, heads, L, d]}
     */
    public static Tensor attention(Tensor query, Tensor key, Tensor value, Tensor bias, double scale) {
        return query.like(Tensor.call(
                Operation.ATTENTION_SCALED, query.array(), key.array(), value.array(), bias.array(), number(scale)));
    }

    /**
     * Cross-correlation, PyTorch's conv2d.
     *
     * @param x {@code [B, in, H, W]}
     * @param weight {@code [out, in, kernel, kernel]}
     * @param bias {@code [out]}, or null for none
     * @return {@code [B, out, H', W']}
     */
    public static Tensor conv2d(Tensor x, Tensor weight, @Nullable Tensor bias, int stride, int padding) {
        return x.like(JniUtils.convolution(
                x.array(),
                weight.array(),
                arrayOf(bias),
                new Shape(stride, stride),
                new Shape(padding, padding),
                NO_DILATION,
                1));
    }

    /**
     * The transpose of {@link #conv2d}.
     *
     * @param x {@code [B, in, H, W]}
     * @param weight {@code [in, out, kernel, kernel]}
     * @param bias {@code [out]}
     */
    public static Tensor convTranspose2d(Tensor x, Tensor weight, Tensor bias, int stride, int padding) {
        return x.like(Tensor.call(
                Operation.CONV_TRANSPOSE2D,
                x.array(),
                weight.array(),
                bias.array(),
                integer(stride),
                integer(padding)));
    }

    /** Repeats every pixel twice in both directions: {@code [B, C, H, W]} to {@code [B, C, 2H, 2W]}. */
    public static Tensor upsampleNearest2x(Tensor x) {
        long[] size = {2 * x.size(-2), 2 * x.size(-1)};
        return x.like(JniUtils.interpolate(x.array(), size, NEAREST, false));
    }

    /**
     * Rows of a table.
     *
     * @param ids INT64 {@code [...]}
     * @param table {@code [rows, n]}
     * @return {@code [..., n]}
     */
    public static Tensor embedding(Tensor ids, Tensor table) {
        return table.like(JniUtils.embedding(ids.array(), table.array(), false));
    }

    /** Joins tensors along a dimension that they have. */
    public static Tensor concat(List<Tensor> parts, int dim) {
        return parts.get(0).like(JniUtils.cat(arraysOf(parts), dim));
    }

    /** Joins tensors of one shape along a new dimension. */
    public static Tensor stack(List<Tensor> parts, int dim) {
        return parts.get(0).like(JniUtils.stack(arraysOf(parts), dim));
    }

    private static PtNDArray number(double value) {
        return Engine.get().constants().scalar(value, DType.FLOAT64, Device.cpu());
    }

    private static PtNDArray integer(int value) {
        return Engine.get().constants().scalar(value, DType.INT64, Device.cpu());
    }

    private static @Nullable PtNDArray arrayOf(@Nullable Tensor tensor) {
        return tensor == null ? null : tensor.array();
    }

    private static PtNDArray[] arraysOf(List<Tensor> tensors) {
        PtNDArray[] arrays = new PtNDArray[tensors.size()];
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = tensors.get(i).array();
        }
        return arrays;
    }
}
