package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;

/** One layer of a T5 encoder: self-attention over all tokens and a gated feed-forward part, normalised before each. */
final class T5Layer {

    private final int heads;
    private final int headDim;
    private final RmsNorm attentionNorm;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;
    private final RmsNorm feedForwardNorm;
    private final Linear gate;
    private final Linear widen;
    private final Linear narrow;
    private final DType wide;

    // The standard deviations are those of transformers' T5PreTrainedModel._init_weights.
    T5Layer(NetworkBuilder builder, T5Config config) {
        heads = config.numHeads();
        headDim = config.dKv();
        int width = config.dModel();
        long inner = (long) heads * headDim;
        Initializer in = new Initializer.Normal(1 / Math.sqrt((double) width));
        NetworkBuilder attention = builder.at("layer.0.SelfAttention");
        query = attention.linear("q", width, inner, new Initializer.Normal(1 / Math.sqrt((double) width * headDim)));
        key = attention.linear("k", width, inner, in);
        value = attention.linear("v", width, inner, in);
        out = attention.linear("o", inner, width, new Initializer.Normal(1 / Math.sqrt((double) inner)));
        attentionNorm = builder.rmsNorm("layer.0.layer_norm", width, config.layerNormEpsilon());
        NetworkBuilder feedForward = builder.at("layer.1.DenseReluDense");
        gate = feedForward.linear("wi_0", width, config.dFf(), in);
        widen = feedForward.linear("wi_1", width, config.dFf(), in);
        // T5 was trained in BFLOAT16 and leaves the range of FLOAT16 here: transformers keeps this layer, and so the
        // sum
        // that runs through all layers, in FLOAT32.
        wide = builder.dtype() == DType.FLOAT16 ? DType.FLOAT32 : builder.dtype();
        narrow = feedForward
                .in(wide)
                .linear("wo", config.dFf(), width, new Initializer.Normal(1 / Math.sqrt((double) config.dFf())));
        feedForwardNorm = builder.rmsNorm("layer.1.layer_norm", width, config.layerNormEpsilon());
    }

    /**
     * [B, L, d_model] -> [B, L, d_model]
     *
     * @param bias added to the logits, [1 or B, heads, L, L]
     */
    Tensor forward(Tensor x, Tensor bias) {
        try (Scope scope = Scope.open()) {
            Tensor attended = x.add(attention(attentionNorm.forward(x), bias));
            return attended.add(feedForward(feedForwardNorm.forward(attended))).keep();
        }
    }

    /** T5 scales no logits: its initialisation has 1/sqrt(d) in the queries' weights. */
    private Tensor attention(Tensor x, Tensor bias) {
        Tensor attended =
                Ops.attention(split(query.forward(x)), split(key.forward(x)), split(value.forward(x)), bias, 1.0);
        return out.forward(attended.transpose(1, 2).reshape(x.size(0), x.size(1), (long) heads * headDim));
    }

    private Tensor feedForward(Tensor x) {
        return narrow.forward(gate.forward(x).geluTanh().mul(widen.forward(x)).to(wide));
    }

    /** [B, L, heads·d] -> [B, heads, L, d] */
    private Tensor split(Tensor x) {
        return x.reshape(x.size(0), x.size(1), heads, headDim).transpose(1, 2);
    }
}
