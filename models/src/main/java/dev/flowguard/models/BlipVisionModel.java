package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** BLIP's vision transformer: timm's {@code VisionTransformer}, transformers' {@code BlipVisionModel}. */
final class BlipVisionModel {

    private final BlipVisionConfig config;
    private final Patching patches;
    private final Tensor classToken;
    private final Tensor positions;
    private final Tensor patchWeight;
    private final Tensor patchBias;
    private final List<BlipVisionLayer> layers = new ArrayList<>();
    private final LayerNorm norm;

    BlipVisionModel(NetworkBuilder builder, BlipVisionConfig config) {
        this.config = config;
        int width = config.hiddenSize();
        int patch = config.patchSize();
        patches = new Patching(BlipVisionConfig.CHANNELS, patch);
        Initializer embedding = new Initializer.Normal(0.02);
        classToken = builder.parameter("cls_token", embedding, 1, 1, width);
        positions = builder.parameter("pos_embed", embedding, 1, config.tokens(), width);
        patchWeight =
                builder.parameter("patch_embed.proj.weight", embedding, width, BlipVisionConfig.CHANNELS, patch, patch);
        patchBias = builder.parameter("patch_embed.proj.bias", Initializer.zeros(), width);
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(new BlipVisionLayer(builder.at("blocks", i), config));
        }
        norm = builder.layerNorm("norm", width, config.layerNormEps());
    }

    /**
     * [B, 3, S, S] -> [B, tokens, hidden], in the type of the weights
     *
     * @throws IllegalArgumentException if S is not {@code imageSize}
     */
    Tensor forward(Tensor pixels) {
        long side = config.imageSize();
        if (pixels.rank() != 4 || pixels.size(2) != side || pixels.size(3) != side) {
            throw new IllegalArgumentException(
                    "images must be [B, 3, %d, %d], not %s".formatted(side, side, Arrays.toString(pixels.shape())));
        }
        try (Scope scope = Scope.open()) {
            Tensor x = tokens(pixels);
            for (BlipVisionLayer layer : layers) {
                x = layer.forward(x);
            }
            return norm.forward(x).keep();
        }
    }

    /** The class first, then the patches row by row: [B, tokens, hidden]. */
    private Tensor tokens(Tensor pixels) {
        long width = config.hiddenSize();
        // A convolution whose stride is its kernel is a linear map of disjoint patches, and faster as such.
        Tensor split = patches.split(pixels);
        Tensor embedded = Ops.linear(split, patchWeight.reshape(width, split.size(2)), patchBias);
        Tensor first = classToken.broadcastTo(pixels.size(0), 1, width);
        return Ops.concat(List.of(first, embedded), 1).add(positions);
    }
}
