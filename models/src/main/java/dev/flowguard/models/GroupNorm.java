package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;

/** Group normalisation of [B, C, ...] with learned scale and shift per channel. */
record GroupNorm(int groups, Tensor weight, Tensor bias, double epsilon) {

    Tensor forward(Tensor x) {
        return Ops.groupNorm(x, groups, weight, bias, epsilon);
    }
}
