package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shape of a CLIP text encoder, as {@code config.json} of transformers' {@code CLIPTextModelWithProjection} or
 * {@code CLIPTextModel} has it.
 *
 * @param vocabSize rows of the token table
 * @param hiddenSize width of a token
 * @param intermediateSize width inside the feed-forward part
 * @param projectionDim width of the pooled embedding
 * @param numHiddenLayers number of layers
 * @param numAttentionHeads heads per attention
 * @param maxPositionEmbeddings longest sequence, in tokens
 * @param quickGelu whether the activation is x·sigmoid(1.702 x) ({@code "quick_gelu"}) and not the exact GELU
 * @param layerNormEps added to the variance by every normalisation
 * @param bosTokenId id that starts a sequence
 * @param eosTokenId id whose first place is pooled; 2 stands for the legacy rule, "the largest id of the sequence"
 * @param padTokenId recorded only; the tokenizer decides what pads
 * @param projects whether the pooled state is projected ({@code CLIPTextModelWithProjection}); FLUX does without
 */
public record ClipTextConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int projectionDim,
        int numHiddenLayers,
        int numAttentionHeads,
        int maxPositionEmbeddings,
        boolean quickGelu,
        double layerNormEps,
        int bosTokenId,
        int eosTokenId,
        int padTokenId,
        boolean projects) {

    static final String CLASS_NAME = "CLIPTextModelWithProjection";
    static final String CLASS_NAME_WITHOUT_PROJECTION = "CLIPTextModel";
    private static final String ARCHITECTURES = "architectures";

    /** Of an encoder with projection. */
    public ClipTextConfig(
            int vocabSize,
            int hiddenSize,
            int intermediateSize,
            int projectionDim,
            int numHiddenLayers,
            int numAttentionHeads,
            int maxPositionEmbeddings,
            boolean quickGelu,
            double layerNormEps,
            int bosTokenId,
            int eosTokenId,
            int padTokenId) {
        this(
                vocabSize,
                hiddenSize,
                intermediateSize,
                projectionDim,
                numHiddenLayers,
                numAttentionHeads,
                maxPositionEmbeddings,
                quickGelu,
                layerNormEps,
                bosTokenId,
                eosTokenId,
                padTokenId,
                true);
    }

    /** The same encoder without projection. */
    public ClipTextConfig withoutProjection() {
        return with(projectionDim, false);
    }

    /** The same encoder with a projection of that width. */
    ClipTextConfig projectingTo(int width) {
        return with(width, true);
    }

    private ClipTextConfig with(int newProjectionDim, boolean newProjects) {
        return new ClipTextConfig(
                vocabSize,
                hiddenSize,
                intermediateSize,
                newProjectionDim,
                numHiddenLayers,
                numAttentionHeads,
                maxPositionEmbeddings,
                quickGelu,
                layerNormEps,
                bosTokenId,
                eosTokenId,
                padTokenId,
                newProjects);
    }

    ClipLayer.Shape layer() {
        return new ClipLayer.Shape(
                hiddenSize, intermediateSize, numAttentionHeads, numHiddenLayers, quickGelu, layerNormEps, true);
    }

    /** The name of the class in transformers. */
    String className() {
        return projects ? CLASS_NAME : CLASS_NAME_WITHOUT_PROJECTION;
    }

    static ClipTextConfig read(ConfigFile file) {
        ClipTextConfig config = new ClipTextConfig(
                file.positive("vocab_size", 49408),
                file.positive("hidden_size", 512),
                file.positive("intermediate_size", 2048),
                file.positive("projection_dim", 512),
                file.positive("num_hidden_layers", 12),
                file.positive("num_attention_heads", 8),
                file.positive("max_position_embeddings", 77),
                file.choice("hidden_act", Map.of("", true, "quick_gelu", true, "gelu", false)),
                file.number("layer_norm_eps", 1e-5),
                file.integer("bos_token_id", 49406),
                file.integer("eos_token_id", 49407),
                file.integer("pad_token_id", 1),
                !file.texts(ARCHITECTURES).contains(CLASS_NAME_WITHOUT_PROJECTION));
        if (config.hiddenSize() % config.numAttentionHeads() != 0) {
            throw file.invalid("hidden_size", "is no multiple of num_attention_heads");
        }
        return config;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put(ARCHITECTURES, new String[] {className()});
        json.put("attention_dropout", 0.0);
        json.put("bos_token_id", bosTokenId);
        json.put("dtype", "float32");
        json.put("eos_token_id", eosTokenId);
        json.put("hidden_act", quickGelu ? "quick_gelu" : "gelu");
        json.put("hidden_size", hiddenSize);
        json.put("initializer_factor", 1.0);
        json.put("initializer_range", 0.02);
        json.put("intermediate_size", intermediateSize);
        json.put("layer_norm_eps", layerNormEps);
        json.put("max_position_embeddings", maxPositionEmbeddings);
        json.put("model_type", "clip_text_model");
        json.put("num_attention_heads", numAttentionHeads);
        json.put("num_hidden_layers", numHiddenLayers);
        json.put("pad_token_id", padTokenId);
        json.put("projection_dim", projectionDim);
        json.put("vocab_size", vocabSize);
        return json;
    }
}
