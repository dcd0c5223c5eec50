package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shape of a T5 v1.1 encoder, as {@code config.json} of transformers' {@code T5EncoderModel} has it.
 *
 * @param vocabSize rows of the token table
 * @param dModel width of a token
 * @param dKv width of one head
 * @param dFf width inside the feed-forward part
 * @param numLayers number of layers
 * @param numHeads heads per attention; times dKv it need not be dModel
 * @param relativeAttentionNumBuckets how many distances between tokens are told apart; half of them for each direction
 * @param relativeAttentionMaxDistance from this distance on all are the same
 * @param layerNormEpsilon added to the mean square by every normalisation
 */
public record T5Config(
        int vocabSize,
        int dModel,
        int dKv,
        int dFf,
        int numLayers,
        int numHeads,
        int relativeAttentionNumBuckets,
        int relativeAttentionMaxDistance,
        double layerNormEpsilon) {

    static final String CLASS_NAME = "T5EncoderModel";
    private static final String MODEL_TYPE = "t5";
    private static final String GATED_GELU = "gated-gelu";

    static T5Config read(ConfigFile file) {
        String type = file.text("model_type", MODEL_TYPE);
        if (!type.equals(MODEL_TYPE)) {
            throw file.invalid("model_type", "is '" + type + "' but '" + MODEL_TYPE + "' is expected here");
        }
        String feedForward = file.text("feed_forward_proj", "relu");
        if (!feedForward.equals(GATED_GELU)) {
            throw file.invalid(
                    "feed_forward_proj",
                    "is '" + feedForward + "', but only '" + GATED_GELU + "' is supported: use a T5 v1.1 encoder");
        }
        T5Config config = new T5Config(
                file.positive("vocab_size", 32128),
                file.positive("d_model", 512),
                file.positive("d_kv", 64),
                file.positive("d_ff", 2048),
                file.positive("num_layers", 6),
                file.positive("num_heads", 8),
                file.positive("relative_attention_num_buckets", 32),
                file.positive("relative_attention_max_distance", 128),
                file.number("layer_norm_epsilon", 1e-6));
        int buckets = config.relativeAttentionNumBuckets();
        if (buckets % 4 != 0) {
            throw file.invalid("relative_attention_num_buckets", "is " + buckets + ", no multiple of 4");
        }
        if (config.relativeAttentionMaxDistance() <= buckets / 4) {
            throw file.invalid(
                    "relative_attention_max_distance", "must be greater than a quarter of the number of buckets");
        }
        return config;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("architectures", new String[] {CLASS_NAME});
        json.put("d_ff", dFf);
        json.put("d_kv", dKv);
        json.put("d_model", dModel);
        json.put("dense_act_fn", "gelu_new");
        json.put("dropout_rate", 0.1);
        json.put("dtype", "float32");
        json.put("eos_token_id", 1);
        json.put("feed_forward_proj", GATED_GELU);
        json.put("initializer_factor", 1.0);
        json.put("is_encoder_decoder", false);
        json.put("is_gated_act", true);
        json.put("layer_norm_epsilon", layerNormEpsilon);
        json.put("model_type", MODEL_TYPE);
        json.put("num_heads", numHeads);
        json.put("num_layers", numLayers);
        json.put("pad_token_id", 0);
        json.put("relative_attention_max_distance", relativeAttentionMaxDistance);
        json.put("relative_attention_num_buckets", relativeAttentionNumBuckets);
        json.put("tie_word_embeddings", false);
        json.put("use_cache", false);
        json.put("vocab_size", vocabSize);
        return json;
    }
}
