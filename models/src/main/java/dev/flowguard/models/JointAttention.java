package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Attention over image and context tokens together, with projections of its own for each stream. */
final class JointAttention {

    /** Query, key and value of one stream, each [B, heads, L, d]. */
    private record Projected(Tensor query, Tensor key, Tensor value) {}

    private final int heads;
    private final int headDim;
    private final Projections image;
    private final Projections context;
    private final Linear imageOut;
    private final @Nullable Linear contextOut;

    JointAttention(NetworkBuilder builder, Sd3TransformerConfig config, boolean contextEndsHere) {
        heads = config.numAttentionHeads();
        headDim = config.attentionHeadDim();
        int width = config.width();
        image = new Projections(builder, config, "to_q", "to_k", "to_v", "norm_q", "norm_k");
        context = new Projections(
                builder, config, "add_q_proj", "add_k_proj", "add_v_proj", "norm_added_q", "norm_added_k");
        imageOut = builder.linear("to_out.0", width, width);
        contextOut = contextEndsHere ? null : builder.linear("to_add_out", width, width);
    }

    /** @param bias added to the logits, [1, 1, 1, N + L], or null */
    JointBlock.Streams forward(JointBlock.Streams in, @Nullable Tensor bias) {
        try (Scope scope = Scope.open()) {
            Projected i = image.forward(in.image());
            Projected c = context.forward(in.context());
            Tensor out = Ops.attention(
                    Ops.concat(List.of(i.query(), c.query()), 2),
                    Ops.concat(List.of(i.key(), c.key()), 2),
                    Ops.concat(List.of(i.value(), c.value()), 2),
                    bias,
                    false);
            long imageTokens = in.image().size(1);
            long tokens = imageTokens + in.context().size(1);
            Tensor joined = out.transpose(1, 2).reshape(-1, tokens, (long) heads * headDim);
            Tensor imageResult =
                    imageOut.forward(joined.slice(1, 0, imageTokens)).keep();
            if (contextOut == null) {
                return new JointBlock.Streams(imageResult, in.context());
            }
            Tensor contextResult =
                    contextOut.forward(joined.slice(1, imageTokens, tokens)).keep();
            return new JointBlock.Streams(imageResult, contextResult);
        }
    }

    private final class Projections {
        private final Linear query;
        private final Linear key;
        private final Linear value;
        private final @Nullable Tensor queryNorm;
        private final @Nullable Tensor keyNorm;

        Projections(
                NetworkBuilder builder,
                Sd3TransformerConfig config,
                String queryName,
                String keyName,
                String valueName,
                String queryNormName,
                String keyNormName) {
            int width = config.width();
            query = builder.linear(queryName, width, width);
            key = builder.linear(keyName, width, width);
            value = builder.linear(valueName, width, width);
            queryNorm = config.qkRmsNorm() ? norm(builder, queryNormName) : null;
            keyNorm = config.qkRmsNorm() ? norm(builder, keyNormName) : null;
        }

        private Tensor norm(NetworkBuilder builder, String name) {
            return builder.parameter(name + ".weight", Initializer.ones(), headDim);
        }

        Projected forward(Tensor x) {
            return new Projected(
                    normed(split(query.forward(x)), queryNorm),
                    normed(split(key.forward(x)), keyNorm),
                    split(value.forward(x)));
        }

        private Tensor split(Tensor x) {
            return x.reshape(x.size(0), x.size(1), heads, headDim).transpose(1, 2);
        }

        private static Tensor normed(Tensor x, @Nullable Tensor weight) {
            return weight == null ? x : Ops.rmsNorm(x, weight, AdaptiveNorm.EPSILON);
        }
    }
}
