package dev.flowguard.models;

import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The narrowest part of encoder and decoder: two residual blocks, with self-attention between them if configured. */
final class VaeMiddle {

    private final ResnetBlock first;
    private final @Nullable SpatialAttention attention;
    private final ResnetBlock second;

    VaeMiddle(NetworkBuilder builder, int width, AutoencoderKlConfig config) {
        int groups = config.normNumGroups();
        attention =
                config.midBlockAddAttention() ? new SpatialAttention(builder.at("attentions.0"), width, groups) : null;
        first = new ResnetBlock(builder.at("resnets.0"), width, width, groups);
        second = new ResnetBlock(builder.at("resnets.1"), width, width, groups);
    }

    Tensor forward(Tensor input) {
        try (Scope scope = Scope.open()) {
            Tensor x = first.forward(input);
            return second.forward(attention == null ? x : attention.forward(x)).keep();
        }
    }
}
