package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shape of BLIP's vision transformer, by the keys of transformers' {@code BlipVisionConfig}; absent keys are ViT-L/16 at 224
 * pixels.
 *
 * @param hiddenSize width of a token
 * @param intermediateSize width inside the feed-forward part
 * @param numHiddenLayers number of layers
 * @param numAttentionHeads heads per attention
 * @param imageSize side of the square image, in pixels
 * @param patchSize side of the square that becomes a token, in pixels; a divisor of {@code imageSize}
 * @param layerNormEps added to the variance by every normalisation
 */
public record BlipVisionConfig(
        int hiddenSize,
        int intermediateSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int imageSize,
        int patchSize,
        double layerNormEps) {

    static final int CHANNELS = 3;

    static BlipVisionConfig read(ConfigFile file) {
        BlipVisionConfig config = new BlipVisionConfig(
                file.positive("hidden_size", 1024),
                file.positive("intermediate_size", 4096),
                file.positive("num_hidden_layers", 24),
                file.positive("num_attention_heads", 16),
                file.positive("image_size", 224),
                file.positive("patch_size", 16),
                file.number("layer_norm_eps", 1e-6));
        if (config.hiddenSize() % config.numAttentionHeads() != 0) {
            throw file.invalid("hidden_size", "is no multiple of num_attention_heads");
        }
        if (config.imageSize() % config.patchSize() != 0) {
            throw file.invalid("image_size", "is no multiple of patch_size");
        }
        return config;
    }

    /** Tokens of an image: its patches and the one of the class. */
    int tokens() {
        int side = imageSize / patchSize;
        return Math.addExact(Math.multiplyExact(side, side), 1);
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("hidden_size", hiddenSize);
        json.put("image_size", imageSize);
        json.put("intermediate_size", intermediateSize);
        json.put("layer_norm_eps", layerNormEps);
        json.put("num_attention_heads", numAttentionHeads);
        json.put("num_hidden_layers", numHiddenLayers);
        json.put("patch_size", patchSize);
        return json;
    }
}
