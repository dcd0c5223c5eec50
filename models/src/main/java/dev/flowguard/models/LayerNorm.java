package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;

/** Layer normalisation over the last dimension, with learned scale and shift. */
record LayerNorm(Tensor weight, Tensor bias, double epsilon) {

    Tensor forward(Tensor x) {
        return Ops.layerNorm(x, weight, bias, epsilon);
    }
}
