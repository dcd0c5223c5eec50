package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Latents to images. */
final class VaeDecoder {

    /** The residual blocks of one resolution, and the convolution after it was doubled. */
    private record Level(List<ResnetBlock> blocks, @Nullable Conv2d upsample) {}

    private final Conv2d in;
    private final VaeMiddle middle;
    private final List<Level> levels = new ArrayList<>();
    private final GroupNorm outNorm;
    private final Conv2d out;

    VaeDecoder(NetworkBuilder builder, AutoencoderKlConfig config) {
        List<Integer> widths = config.blockOutChannels();
        int groups = config.normNumGroups();
        int width = widths.get(widths.size() - 1);
        in = builder.conv2d("conv_in", config.latentChannels(), width, 3, 1, 1);
        middle = new VaeMiddle(builder.at("mid_block"), width, config);
        for (int i = 0; i < widths.size(); i++) {
            NetworkBuilder level = builder.at("up_blocks", i);
            int levelWidth = widths.get(widths.size() - 1 - i);
            List<ResnetBlock> blocks = new ArrayList<>();
            for (int j = 0; j <= config.layersPerBlock(); j++) {
                blocks.add(new ResnetBlock(level.at("resnets", j), width, levelWidth, groups));
                width = levelWidth;
            }
            boolean last = i == widths.size() - 1;
            levels.add(new Level(blocks, last ? null : level.conv2d("upsamplers.0.conv", width, width, 3, 1, 1)));
        }
        outNorm = builder.groupNorm("conv_norm_out", groups, width, ResnetBlock.EPSILON);
        out = builder.conv2d("conv_out", width, config.outChannels(), 3, 1, 1);
    }

    /** [B, C, h, w] -> [B, 3, H, W] */
    Tensor forward(Tensor latents) {
        Tensor x = middle.forward(in.forward(latents));
        for (Level level : levels) {
            x = forward(level, x);
        }
        return out.forward(outNorm.forward(x).silu());
    }

    private static Tensor forward(Level level, Tensor input) {
        try (Scope scope = Scope.open()) {
            Tensor x = input;
            for (ResnetBlock block : level.blocks()) {
                x = block.forward(x);
            }
            return (level.upsample() == null ? x : level.upsample().forward(Ops.upsampleNearest2x(x))).keep();
        }
    }
}
