package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shape of BLIP's text encoder, by the keys of transformers' {@code BlipTextConfig}; absent keys are those of BERT-base with
 * BLIP's two further tokens.
 *
 * @param vocabSize number of tokens
 * @param hiddenSize width of a token
 * @param intermediateSize width inside the feed-forward part
 * @param numHiddenLayers number of layers
 * @param numAttentionHeads heads per attention
 * @param maxPositionEmbeddings longest sequence
 * @param layerNormEps added to the variance by every normalisation
 */
public record BlipTextConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int maxPositionEmbeddings,
        double layerNormEps) {

    static BlipTextConfig read(ConfigFile file) {
        BlipTextConfig config = new BlipTextConfig(
                file.positive("vocab_size", 30_524),
                file.positive("hidden_size", 768),
                file.positive("intermediate_size", 3072),
                file.positive("num_hidden_layers", 12),
                file.positive("num_attention_heads", 12),
                file.positive("max_position_embeddings", 512),
                file.number("layer_norm_eps", 1e-12));
        if (config.hiddenSize() % config.numAttentionHeads() != 0) {
            throw file.invalid("hidden_size", "is no multiple of num_attention_heads");
        }
        return config;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("hidden_size", hiddenSize);
        json.put("intermediate_size", intermediateSize);
        json.put("layer_norm_eps", layerNormEps);
        json.put("max_position_embeddings", maxPositionEmbeddings);
        json.put("num_attention_heads", numAttentionHeads);
        json.put("num_hidden_layers", numHiddenLayers);
        json.put("vocab_size", vocabSize);
        return json;
    }
}
