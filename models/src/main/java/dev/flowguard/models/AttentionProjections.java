package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Query, key and value of one stream of tokens, the former two RMS-normalised per head where the model does so. */
final class AttentionProjections {

    /**
     * The shape of an attention.
     *
     * @param heads number of heads
     * @param headDim width of one head
     * @param qkRmsNorm whether queries and keys are RMS-normalised per head
     */
    record Shape(int heads, int headDim, boolean qkRmsNorm) {
        int width() {
            return heads * headDim;
        }
    }

    /** Where the parameters of a stream are, as diffusers names them. */
    record Names(String query, String key, String value, String queryNorm, String keyNorm) {
        /** Of the stream that every attention has. */
        static final Names OWN = new Names("to_q", "to_k", "to_v", "norm_q", "norm_k");

        /** Of the second stream of a joint attention. */
        static final Names ADDED = new Names("add_q_proj", "add_k_proj", "add_v_proj", "norm_added_q", "norm_added_k");
    }

    /** What attention works on, each [B, heads, L, d]. */
    record Projected(Tensor query, Tensor key, Tensor value) {

        /** Moves all three one {@linkplain dev.flowguard.tensor.Scope scope} out. */
        Projected keep() {
            query.keep();
            key.keep();
            value.keep();
            return this;
        }

        /** Both sequences as one, this one first. */
        Projected followedBy(Projected other) {
            return new Projected(
                    Ops.concat(List.of(query, other.query), 2),
                    Ops.concat(List.of(key, other.key), 2),
                    Ops.concat(List.of(value, other.value), 2));
        }

        /** With every query and key turned by its position. */
        Projected turned(RotaryPositions positions) {
            return new Projected(positions.turn(query), positions.turn(key), value);
        }

        /**
         * Everything attends to everything.
         *
         * @param bias added to the logits, broadcastable to [B, heads, L, L], or null
         * @return [B, L, heads·d]
         */
        Tensor attend(@Nullable Tensor bias) {
            long width = query.size(1) * query.size(3);
            return Ops.attention(query, key, value, bias, false)
                    .transpose(1, 2)
                    .reshape(query.size(0), query.size(2), width);
        }
    }

    private final Shape shape;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final @Nullable RmsNorm queryNorm;
    private final @Nullable RmsNorm keyNorm;

    AttentionProjections(NetworkBuilder builder, Shape shape, Names names) {
        this.shape = shape;
        int width = shape.width();
        query = builder.linear(names.query(), width, width);
        key = builder.linear(names.key(), width, width);
        value = builder.linear(names.value(), width, width);
        queryNorm = shape.qkRmsNorm() ? norm(builder, names.queryNorm()) : null;
        keyNorm = shape.qkRmsNorm() ? norm(builder, names.keyNorm()) : null;
    }

    /** [B, L, width] -> three times [B, heads, L, d] */
    Projected project(Tensor x) {
        return new Projected(
                normed(split(query.forward(x)), queryNorm),
                normed(split(key.forward(x)), keyNorm),
                split(value.forward(x)));
    }

    private RmsNorm norm(NetworkBuilder builder, String name) {
        return builder.rmsNorm(name, shape.headDim(), AdaptiveNorm.EPSILON);
    }

    private Tensor split(Tensor x) {
        return x.reshape(x.size(0), x.size(1), shape.heads(), shape.headDim()).transpose(1, 2);
    }

    private static Tensor normed(Tensor x, @Nullable RmsNorm norm) {
        return norm == null ? x : norm.forward(x);
    }
}
