package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** y = x Wᵀ + b, and the place where a low-rank adapter adds its part. */
final class Linear {

    private final Tensor weight;
    private final @Nullable Tensor bias;
    private @Nullable LoraBranch branch;

    Linear(Tensor weight, @Nullable Tensor bias) {
        this.weight = weight;
        this.bias = bias;
    }

    /** [..., in] -> [..., out] */
    Tensor forward(Tensor x) {
        Tensor base = Ops.linear(x, weight, bias);
        return branch == null || !branch.enabled() ? base : base.add(branch.forward(x));
    }

    long in() {
        return weight.size(1);
    }

    long out() {
        return weight.size(0);
    }

    @Nullable
    LoraBranch branch() {
        return branch;
    }

    void attach(@Nullable LoraBranch newBranch) {
        branch = newBranch;
    }
}
