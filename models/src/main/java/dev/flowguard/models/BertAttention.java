package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;

/** BERT's attention with what follows it: residual and normalisation. The tokens that are looked at may be others. */
final class BertAttention {

    private final int heads;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;
    private final LayerNorm norm;

    /** @param seenWidth width of the tokens that are looked at */
    BertAttention(NetworkBuilder builder, BlipTextConfig config, int seenWidth) {
        heads = config.numAttentionHeads();
        int width = config.hiddenSize();
        query = builder.linear("self.query", width, width);
        key = builder.linear("self.key", seenWidth, width);
        value = builder.linear("self.value", seenWidth, width);
        out = builder.linear("output.dense", width, width);
        norm = builder.layerNorm("output.LayerNorm", width, config.layerNormEps());
    }

    /**
     * [B, L, hidden] -> [B, L, hidden]
     *
     * @param seen the tokens that are looked at, [B, M, seenWidth]
     */
    Tensor forward(Tensor x, Tensor seen) {
        try (Scope scope = Scope.open()) {
            Tensor attended = Ops.attention(
                    split(query.forward(x)), split(key.forward(seen)), split(value.forward(seen)), null, false);
            Tensor joined = out.forward(attended.transpose(1, 2).reshape(x.shape()));
            return norm.forward(joined.add(x)).keep();
        }
    }

    /** [B, L, hidden] -> [B, heads, L, d] */
    private Tensor split(Tensor x) {
        return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
    }
}
