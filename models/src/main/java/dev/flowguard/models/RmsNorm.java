package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;

/**
 * Division by the root of the mean square over the last dimension, with learned scale. What goes in may be wider than the
 * weight; what comes out has the weight's type.
 */
record RmsNorm(Tensor weight, double epsilon) {

    Tensor forward(Tensor x) {
        if (x.dtype() == weight.dtype()) {
            return Ops.rmsNorm(x, weight, epsilon);
        }
        return Ops.rmsNorm(x, weight.to(x.dtype()), epsilon).to(weight.dtype());
    }
}
