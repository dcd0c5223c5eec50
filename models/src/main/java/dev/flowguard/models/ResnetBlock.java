package dev.flowguard.models;

import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** diffusers' {@code ResnetBlock2D} without time embedding: twice norm, SiLU, convolution, added to the input. */
final class ResnetBlock {

    static final double EPSILON = 1e-6;

    private final GroupNorm norm1;
    private final Conv2d conv1;
    private final GroupNorm norm2;
    private final Conv2d conv2;
    private final @Nullable Conv2d shortcut;

    ResnetBlock(NetworkBuilder builder, int in, int out, int groups) {
        norm1 = builder.groupNorm("norm1", groups, in, EPSILON);
        conv1 = builder.conv2d("conv1", in, out, 3, 1, 1);
        norm2 = builder.groupNorm("norm2", groups, out, EPSILON);
        conv2 = builder.conv2d("conv2", out, out, 3, 1, 1);
        shortcut = in == out ? null : builder.conv2d("conv_shortcut", in, out, 1, 1, 0);
    }

    /** [B, in, h, w] -> [B, out, h, w] */
    Tensor forward(Tensor x) {
        try (Scope scope = Scope.open()) {
            Tensor hidden = conv1.forward(norm1.forward(x).silu());
            Tensor residual = conv2.forward(norm2.forward(hidden).silu());
            return (shortcut == null ? x : shortcut.forward(x)).add(residual).keep();
        }
    }
}
