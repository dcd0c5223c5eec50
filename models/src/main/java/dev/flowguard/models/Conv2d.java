package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;

/** A convolution: [B, in, H, W] -> [B, out, H', W'] with a weight [out, in, k, k]. */
record Conv2d(Tensor weight, Tensor bias, int stride, int padding) {

    Tensor forward(Tensor x) {
        return Ops.conv2d(x, weight, bias, stride, padding);
    }
}
