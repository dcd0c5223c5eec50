package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** One layer of a CLIP transformer, of text or of images: self-attention and a feed-forward part, normalised before each. */
final class ClipLayer {

    /**
     * What all layers of a transformer have in common.
     *
     * @param width of a token
     * @param inner width inside the feed-forward part
     * @param heads of the attention
     * @param depth number of layers, which the initialisation follows
     * @param quickGelu whether the activation is x·sigmoid(1.702 x) and not the exact GELU
     * @param epsilon added to the variance by every normalisation
     * @param causal whether a token sees none after it, as in text
     */
    record Shape(int width, int inner, int heads, int depth, boolean quickGelu, double epsilon, boolean causal) {}

    private final Shape shape;
    private final LayerNorm norm1;
    private final LayerNorm norm2;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;
    private final Linear widen;
    private final Linear narrow;

    ClipLayer(NetworkBuilder builder, Shape shape) {
        this.shape = shape;
        int width = shape.width();
        int inner = shape.inner();
        double depth = 1 / Math.sqrt(2.0 * shape.depth());
        Initializer in = new Initializer.Normal(1 / Math.sqrt((double) width) * depth);
        Initializer outside = new Initializer.Normal(1 / Math.sqrt((double) width));
        Initializer wide = new Initializer.Normal(1 / Math.sqrt(2.0 * width));
        NetworkBuilder attention = builder.at("self_attn");
        key = attention.linear("k_proj", width, width, true, in, Initializer.zeros());
        value = attention.linear("v_proj", width, width, true, in, Initializer.zeros());
        query = attention.linear("q_proj", width, width, true, in, Initializer.zeros());
        out = attention.linear("out_proj", width, width, true, outside, Initializer.zeros());
        norm1 = builder.layerNorm("layer_norm1", width, shape.epsilon());
        widen = builder.linear("mlp.fc1", width, inner, true, wide, Initializer.zeros());
        narrow = builder.linear("mlp.fc2", inner, width, true, in, Initializer.zeros());
        norm2 = builder.layerNorm("layer_norm2", width, shape.epsilon());
    }

    /**
     * [B, L, hidden] -> [B, L, hidden]
     *
     * @param mask added to the logits, [B, 1, L, L]; null if every token sees all that the shape lets it see
     */
    Tensor forward(Tensor x, @Nullable Tensor mask) {
        try (Scope scope = Scope.open()) {
            Tensor attended = x.add(attention(norm1.forward(x), mask));
            Tensor wide = widen.forward(norm2.forward(attended));
            return attended.add(narrow.forward(shape.quickGelu() ? wide.quickGelu() : wide.gelu()))
                    .keep();
        }
    }

    private Tensor attention(Tensor x, @Nullable Tensor mask) {
        Tensor attended = Ops.attention(
                split(query.forward(x)),
                split(key.forward(x)),
                split(value.forward(x)),
                mask,
                mask == null && shape.causal());
        return out.forward(attended.transpose(1, 2).reshape(x.shape()));
    }

    /** [B, L, hidden] -> [B, heads, L, d] */
    private Tensor split(Tensor x) {
        return x.reshape(x.size(0), x.size(1), shape.heads(), x.size(2) / shape.heads())
                .transpose(1, 2);
    }
}
