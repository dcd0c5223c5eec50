package dev.flowguard.models;

import dev.flowguard.tensor.Autograd;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * FLUX's second kind of block, equal to diffusers' {@code FluxSingleTransformerBlock}: image and context tokens are one
 * stream, and attention and feed-forward part work side by side on it.
 */
final class SingleStreamBlock {

    private static final int WIDENING = 4;

    private final AdaptiveNorm norm;
    private final Linear widen;
    private final Linear out;
    private final AttentionProjections projections;

    SingleStreamBlock(NetworkBuilder builder, AttentionProjections.Shape shape) {
        int width = shape.width();
        norm = AdaptiveNorm.zeroSingle(builder.at("norm"), width);
        widen = builder.linear("proj_mlp", width, (long) WIDENING * width);
        out = builder.linear("proj_out", (1L + WIDENING) * width, width);
        projections = new AttentionProjections(builder.at("attn"), shape, AttentionProjections.Names.OWN);
    }

    /**
     * @param tokens [B, S, width]
     * @param modulation [B, width], SiLU already applied
     * @param positions of the S tokens
     */
    Tensor forward(Tensor tokens, Tensor modulation, RotaryPositions positions) {
        try (Scope scope = Scope.open()) {
            AdaptiveNorm.Modulated modulated = norm.forward(tokens, modulation);
            Tensor widened = widen.forward(modulated.normed()).geluTanh();
            Tensor attended =
                    projections.project(modulated.normed()).turned(positions).attend(null);
            Tensor update = out.forward(Ops.concat(List.of(attended, widened), 2));
            return tokens.add(update.mul(modulated.rest().get(0))).keep();
        }
    }

    /** {@link #forward}, computed again in backward instead of kept. */
    Tensor checkpointed(Tensor tokens, Tensor modulation, RotaryPositions positions) {
        List<Tensor> inputs = new ArrayList<>(List.of(tokens, modulation));
        inputs.addAll(positions.tensors());
        return Autograd.checkpoint(inputs, given -> {
                    Iterator<Tensor> next = given.iterator();
                    return List.of(
                            forward(next.next(), next.next(), RotaryPositions.ofTables(next.next(), next.next())));
                })
                .get(0);
    }
}
