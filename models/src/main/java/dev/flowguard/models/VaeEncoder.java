package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Images to the moments of their latents. */
final class VaeEncoder {

    /** The residual blocks of one resolution, and the convolution that halves it. */
    private record Level(List<ResnetBlock> blocks, @Nullable Conv2d downsample) {}

    private final Conv2d in;
    private final List<Level> levels = new ArrayList<>();
    private final VaeMiddle middle;
    private final GroupNorm outNorm;
    private final Conv2d out;

    VaeEncoder(NetworkBuilder builder, AutoencoderKlConfig config) {
        List<Integer> widths = config.blockOutChannels();
        int groups = config.normNumGroups();
        in = builder.conv2d("conv_in", config.inChannels(), widths.get(0), 3, 1, 1);
        int width = widths.get(0);
        for (int i = 0; i < widths.size(); i++) {
            NetworkBuilder level = builder.at("down_blocks", i);
            List<ResnetBlock> blocks = new ArrayList<>();
            for (int j = 0; j < config.layersPerBlock(); j++) {
                blocks.add(new ResnetBlock(level.at("resnets", j), width, widths.get(i), groups));
                width = widths.get(i);
            }
            boolean last = i == widths.size() - 1;
            levels.add(new Level(blocks, last ? null : level.conv2d("downsamplers.0.conv", width, width, 3, 2, 0)));
        }
        middle = new VaeMiddle(builder.at("mid_block"), width, config);
        outNorm = builder.groupNorm("conv_norm_out", groups, width, ResnetBlock.EPSILON);
        out = builder.conv2d("conv_out", width, 2L * config.latentChannels(), 3, 1, 1);
    }

    /** [B, 3, H, W] -> [B, 2C, h, w] */
    Tensor forward(Tensor image) {
        Tensor x = in.forward(image);
        for (Level level : levels) {
            x = forward(level, x);
        }
        return out.forward(outNorm.forward(middle.forward(x)).silu());
    }

    private static Tensor forward(Level level, Tensor input) {
        try (Scope scope = Scope.open()) {
            Tensor x = input;
            for (ResnetBlock block : level.blocks()) {
                x = block.forward(x);
            }
            return (level.downsample() == null ? x : level.downsample().forward(padRightAndBottom(x))).keep();
        }
    }

    /** diffusers pads on two sides only before it halves. */
    private static Tensor padRightAndBottom(Tensor x) {
        Tensor column = Tensor.zeros(x.device(), x.dtype(), x.size(0), x.size(1), x.size(2), 1);
        Tensor row = Tensor.zeros(x.device(), x.dtype(), x.size(0), x.size(1), 1, x.size(3) + 1);
        return Ops.concat(List.of(Ops.concat(List.of(x, column), 3), row), 2);
    }
}
