package dev.flowguard.models;

import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;

/** Attention of one stream of tokens among themselves. */
final class SelfAttention {

    private final AttentionProjections projections;
    private final Linear out;

    SelfAttention(NetworkBuilder builder, AttentionProjections.Shape shape) {
        projections = new AttentionProjections(builder, shape, AttentionProjections.Names.OWN);
        out = builder.linear("to_out.0", shape.width(), shape.width());
    }

    /** [B, L, width] -> [B, L, width] */
    Tensor forward(Tensor x) {
        try (Scope scope = Scope.open()) {
            return out.forward(projections.project(x).attend(null)).keep();
        }
    }
}
