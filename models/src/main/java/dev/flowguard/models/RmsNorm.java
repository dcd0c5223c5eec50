package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;

/** Division by the root of the mean square over the last dimension, with learned scale. */
record RmsNorm(Tensor weight, double epsilon) {

    Tensor forward(Tensor x) {
        return Ops.rmsNorm(x, weight, epsilon);
    }
}
