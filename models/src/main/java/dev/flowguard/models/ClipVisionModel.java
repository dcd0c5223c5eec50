package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The vision transformer of a CLIP model with its projection: transformers' {@code CLIPVisionModelWithProjection}. */
final class ClipVisionModel {

    private final ClipVisionConfig config;
    private final Patching patches;
    private final Tensor classEmbedding;
    private final Tensor patchEmbedding;
    private final Tensor positions;
    private final LayerNorm before;
    private final List<ClipLayer> layers = new ArrayList<>();
    private final LayerNorm after;
    private final Linear projection;

    ClipVisionModel(ClipVisionConfig config, int projectionDim, NetworkBuilder root) {
        this.config = config;
        patches = new Patching(ClipVisionConfig.CHANNELS, config.patchSize());
        NetworkBuilder vision = root.at("vision_model");
        int width = config.hiddenSize();
        int patch = config.patchSize();
        Initializer narrow = new Initializer.Normal(1 / Math.sqrt((double) width));
        Initializer embedding = new Initializer.Normal(0.02);
        classEmbedding = vision.parameter("embeddings.class_embedding", narrow, width);
        patchEmbedding = vision.parameter(
                "embeddings.patch_embedding.weight", embedding, width, ClipVisionConfig.CHANNELS, patch, patch);
        positions = vision.parameter("embeddings.position_embedding.weight", embedding, config.tokens(), width);
        // The missing letter is transformers'.
        before = vision.layerNorm("pre_layrnorm", width, config.layerNormEps());
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(new ClipLayer(vision.at("encoder.layers", i), config.layer()));
        }
        after = vision.layerNorm("post_layernorm", width, config.layerNormEps());
        projection = root.linear("visual_projection", width, projectionDim, narrow);
    }

    /**
     * [B, 3, S, S] -> [B, projection], in the type of the weights
     *
     * @throws IllegalArgumentException if S is not {@code imageSize}
     */
    Tensor embed(Tensor pixels) {
        long side = config.imageSize();
        if (pixels.rank() != 4 || pixels.size(2) != side || pixels.size(3) != side) {
            throw new IllegalArgumentException(
                    "images must be [B, 3, %d, %d], not %s".formatted(side, side, Arrays.toString(pixels.shape())));
        }
        try (Scope scope = Scope.open()) {
            Tensor x = before.forward(tokens(pixels));
            for (ClipLayer layer : layers) {
                x = layer.forward(x, null);
            }
            Tensor pooled = after.forward(x.slice(1, 0, 1).squeeze(1));
            return projection.forward(pooled).keep();
        }
    }

    /** The class first, then the patches row by row: [B, tokens, hidden]. */
    private Tensor tokens(Tensor pixels) {
        long width = config.hiddenSize();
        // A convolution whose stride is its kernel is a linear map of disjoint patches, and faster as such.
        Tensor split = patches.split(pixels);
        Tensor embedded = Ops.linear(split, patchEmbedding.reshape(width, split.size(2)), null);
        Tensor first = classEmbedding.reshape(1, 1, width).broadcastTo(pixels.size(0), 1, width);
        return Ops.concat(List.of(first, embedded), 1).add(positions);
    }
}
