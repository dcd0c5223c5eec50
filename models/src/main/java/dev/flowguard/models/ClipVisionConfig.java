package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shape of a CLIP vision transformer, as {@code vision_config} of transformers' {@code CLIPModel} has it.
 *
 * @param hiddenSize width of a token
 * @param intermediateSize width inside the feed-forward part
 * @param numHiddenLayers number of layers
 * @param numAttentionHeads heads per attention
 * @param imageSize side of the square image, in pixels
 * @param patchSize side of the square that becomes a token, in pixels; a divisor of {@code imageSize}
 * @param quickGelu whether the activation is x·sigmoid(1.702 x) ({@code "quick_gelu"}) and not the exact GELU
 * @param layerNormEps added to the variance by every normalisation
 */
public record ClipVisionConfig(
        int hiddenSize,
        int intermediateSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int imageSize,
        int patchSize,
        boolean quickGelu,
        double layerNormEps) {

    static final int CHANNELS = 3;

    static ClipVisionConfig read(ConfigFile file) {
        ClipVisionConfig config = new ClipVisionConfig(
                file.positive("hidden_size", 768),
                file.positive("intermediate_size", 3072),
                file.positive("num_hidden_layers", 12),
                file.positive("num_attention_heads", 12),
                file.positive("image_size", 224),
                file.positive("patch_size", 32),
                file.choice("hidden_act", Map.of("", true, "quick_gelu", true, "gelu", false)),
                file.number("layer_norm_eps", 1e-5));
        if (config.hiddenSize() % config.numAttentionHeads() != 0) {
            throw file.invalid("hidden_size", "is no multiple of num_attention_heads");
        }
        if (config.imageSize() % config.patchSize() != 0) {
            throw file.invalid("image_size", "is no multiple of patch_size");
        }
        if (file.integer("num_channels", CHANNELS) != CHANNELS) {
            throw file.invalid("num_channels", "must be 3: images are RGB");
        }
        return config;
    }

    /** Tokens of an image: its patches and the one of the class. */
    int tokens() {
        int side = imageSize / patchSize;
        return Math.addExact(Math.multiplyExact(side, side), 1);
    }

    ClipLayer.Shape layer() {
        return new ClipLayer.Shape(
                hiddenSize, intermediateSize, numAttentionHeads, numHiddenLayers, quickGelu, layerNormEps, false);
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("hidden_act", quickGelu ? "quick_gelu" : "gelu");
        json.put("hidden_size", hiddenSize);
        json.put("image_size", imageSize);
        json.put("intermediate_size", intermediateSize);
        json.put("layer_norm_eps", layerNormEps);
        json.put("model_type", "clip_vision_model");
        json.put("num_attention_heads", numAttentionHeads);
        json.put("num_channels", CHANNELS);
        json.put("num_hidden_layers", numHiddenLayers);
        json.put("patch_size", patchSize);
        return json;
    }
}
