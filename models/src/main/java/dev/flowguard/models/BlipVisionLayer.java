package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;

/** One layer of BLIP's vision transformer, timm's {@code Block}: attention and a feed-forward part, normalised before each. */
final class BlipVisionLayer {

    private final int heads;
    private final LayerNorm norm1;
    private final Linear joined;
    private final Linear out;
    private final LayerNorm norm2;
    private final Linear widen;
    private final Linear narrow;

    BlipVisionLayer(NetworkBuilder builder, BlipVisionConfig config) {
        heads = config.numAttentionHeads();
        int width = config.hiddenSize();
        norm1 = builder.layerNorm("norm1", width, config.layerNormEps());
        joined = builder.linear("attn.qkv", width, 3L * width);
        out = builder.linear("attn.proj", width, width);
        norm2 = builder.layerNorm("norm2", width, config.layerNormEps());
        widen = builder.linear("mlp.fc1", width, config.intermediateSize());
        narrow = builder.linear("mlp.fc2", config.intermediateSize(), width);
    }

    /** [B, L, hidden] -> [B, L, hidden] */
    Tensor forward(Tensor x) {
        try (Scope scope = Scope.open()) {
            Tensor attended = x.add(attention(norm1.forward(x)));
            return attended.add(narrow.forward(
                            widen.forward(norm2.forward(attended)).gelu()))
                    .keep();
        }
    }

    private Tensor attention(Tensor x) {
        Tensor queriesKeysValues = joined.forward(x);
        Tensor attended = Ops.attention(
                split(queriesKeysValues, 0), split(queriesKeysValues, 1), split(queriesKeysValues, 2), null, false);
        return out.forward(attended.transpose(1, 2).reshape(x.shape()));
    }

    /** One third of [B, L, 3·hidden] -> [B, heads, L, d] */
    private Tensor split(Tensor joint, int part) {
        long width = joint.size(2) / 3;
        return joint.slice(2, part * width, (part + 1) * width)
                .reshape(joint.size(0), joint.size(1), heads, width / heads)
                .transpose(1, 2);
    }
}
