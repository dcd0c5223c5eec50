package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;

/** What an adapter adds to one linear layer. */
final class LoraBranch {

    private final LoraAdapter adapter;
    private final Tensor a;
    private final Tensor b;
    private final double scale;

    /**
     * @param a [rank, in]
     * @param b [out, rank]
     */
    LoraBranch(LoraAdapter adapter, Tensor a, Tensor b, double scale) {
        this.adapter = adapter;
        this.a = a;
        this.b = b;
        this.scale = scale;
    }

    boolean enabled() {
        return adapter.enabled();
    }

    /** scale·B A x; the scale multiplies the narrow side, which has the fewest elements. */
    Tensor forward(Tensor x) {
        return Ops.linear(Ops.linear(x, a, null).mul(scale), b, null);
    }
}
