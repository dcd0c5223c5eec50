package dev.flowguard.models;

import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;

/** diffusers' {@code FeedForward(activation_fn="gelu-approximate")}: widen fourfold, GELU (tanh form), narrow. */
final class FeedForward {

    private static final int WIDENING = 4;

    private final Linear widen;
    private final Linear narrow;

    FeedForward(NetworkBuilder builder, long width) {
        widen = builder.linear("net.0.proj", width, WIDENING * width);
        narrow = builder.linear("net.2", WIDENING * width, width);
    }

    /** [..., width] -> [..., width] */
    Tensor forward(Tensor x) {
        try (Scope scope = Scope.open()) {
            return narrow.forward(widen.forward(x).geluTanh()).keep();
        }
    }
}
