package dev.flowguard.models;

import dev.flowguard.tensor.DType;
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

    /** [..., in] -> [..., out], of x's type: that of the weights */
    Tensor forward(Tensor x) {
        Tensor base = Ops.linear(x, weight, bias);
        if (branch == null || !branch.enabled()) {
            return base;
        }
        // An adapter is FLOAT32 on a base of any type. Like PEFT, add before narrowing: small updates survive longer.
        return base.add(branch.forward(x.to(DType.FLOAT32))).to(x.dtype());
    }

    long in() {
        return weight.size(1);
    }

    long out() {
        return weight.size(0);
    }

    /** Makes that branch, or none, take part in forward passes. */
    void attach(@Nullable LoraBranch newBranch) {
        branch = newBranch;
    }
}
