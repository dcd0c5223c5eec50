package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;

/**
 * Layer normalisation whose scale and shift, and the gates and scales of what follows it, are computed from the time and
 * text embedding: {@code AdaLayerNormZero}, {@code AdaLayerNormZeroSingle},
 * {@code SD35AdaLayerNormZeroX} and {@code AdaLayerNormContinuous} of diffusers.
 */
final class AdaptiveNorm {

    static final double EPSILON = 1e-6;

    /**
     * A normalised stream, and what its block goes on with.
     *
     * @param plain normalised only
     * @param normed normalised, scaled and shifted
     * @param rest the modulations for the rest of the block, each [B, 1, width]
     */
    record Modulated(Tensor plain, Tensor normed, List<Tensor> rest) {}

    private final Linear linear;
    private final int count;
    private final int scaleIndex;
    private final int shiftIndex;

    private AdaptiveNorm(NetworkBuilder builder, int width, int count, int scaleIndex, int shiftIndex) {
        this.linear = builder.linear("linear", width, (long) count * width);
        this.count = count;
        this.scaleIndex = scaleIndex;
        this.shiftIndex = shiftIndex;
    }

    /** AdaLayerNormZero: shift and scale for itself; gate, and shift, scale, gate of the feed-forward part for the rest. */
    static AdaptiveNorm zero(NetworkBuilder builder, int width) {
        return new AdaptiveNorm(builder, width, 6, 1, 0);
    }

    /** AdaLayerNormZeroSingle: shift and scale for itself; one gate for the rest. */
    static AdaptiveNorm zeroSingle(NetworkBuilder builder, int width) {
        return new AdaptiveNorm(builder, width, 3, 1, 0);
    }

    /** AdaLayerNormContinuous: scale and shift, in this order. */
    static AdaptiveNorm scaleThenShift(NetworkBuilder builder, int width) {
        return new AdaptiveNorm(builder, width, 2, 0, 1);
    }

    /** SD35AdaLayerNormZeroX: as {@link #zero}; then shift, scale and gate of a second attention. */
    static AdaptiveNorm zeroDual(NetworkBuilder builder, int width) {
        return new AdaptiveNorm(builder, width, 9, 1, 0);
    }

    /** @param modulation [B, width], SiLU already applied */
    Modulated forward(Tensor x, Tensor modulation) {
        long width = x.size(-1);
        List<Tensor> parts =
                linear.forward(modulation).reshape(-1, count, width).chunk(count, 1);
        Tensor plain = norm(x);
        Tensor normed = modulate(plain, parts.get(scaleIndex), parts.get(shiftIndex));
        return new Modulated(plain, normed, parts.subList(2, count));
    }

    static Tensor norm(Tensor x) {
        return Ops.layerNorm(x, null, null, EPSILON);
    }

    /** plain·(1 + scale) + shift, for a normalised stream */
    static Tensor modulate(Tensor plain, Tensor scale, Tensor shift) {
        try (Scope scope = Scope.open()) {
            return plain.mul(scale.add(1)).add(shift).keep();
        }
    }
}
