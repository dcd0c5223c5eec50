package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of an SD3 MMDiT, as {@code transformer/config.json} of diffusers' {@code SD3Transformer2DModel} has it.
 *
 * @param sampleSize height and width of the latents that the position table is scaled to
 * @param patchSize side of a square of latent elements that becomes one token
 * @param inChannels channels of the latents
 * @param outChannels channels of the velocity
 * @param numLayers number of joint blocks
 * @param numAttentionHeads heads per attention; with attentionHeadDim it gives the width of the network
 * @param attentionHeadDim width of one head
 * @param jointAttentionDim width of the context tokens
 * @param captionProjectionDim width that context tokens are projected to; must be the width of the network
 * @param pooledProjectionDim width of the pooled text embedding
 * @param posEmbedMaxSize side, in tokens, of the position table that smaller latents crop the middle from
 * @param qkRmsNorm whether queries and keys are RMS-normalised per head ({@code "qk_norm": "rms_norm"}, as in SD3.5)
 * @param dualAttentionLayers which blocks, from 0, have a second attention for the image alone (SD3.5 Medium: 0 to 12)
 */
public record Sd3TransformerConfig(
        int sampleSize,
        int patchSize,
        int inChannels,
        int outChannels,
        int numLayers,
        int numAttentionHeads,
        int attentionHeadDim,
        int jointAttentionDim,
        int captionProjectionDim,
        int pooledProjectionDim,
        int posEmbedMaxSize,
        boolean qkRmsNorm,
        List<Integer> dualAttentionLayers) {

    static final String CLASS_NAME = "SD3Transformer2DModel";

    public Sd3TransformerConfig {
        dualAttentionLayers = List.copyOf(dualAttentionLayers);
    }

    /** A transformer without dual attention. */
    public Sd3TransformerConfig(
            int sampleSize,
            int patchSize,
            int inChannels,
            int outChannels,
            int numLayers,
            int numAttentionHeads,
            int attentionHeadDim,
            int jointAttentionDim,
            int captionProjectionDim,
            int pooledProjectionDim,
            int posEmbedMaxSize,
            boolean qkRmsNorm) {
        this(
                sampleSize,
                patchSize,
                inChannels,
                outChannels,
                numLayers,
                numAttentionHeads,
                attentionHeadDim,
                jointAttentionDim,
                captionProjectionDim,
                pooledProjectionDim,
                posEmbedMaxSize,
                qkRmsNorm,
                List.of());
    }

    /** Width of the network: heads times the width of a head. */
    public int width() {
        return numAttentionHeads * attentionHeadDim;
    }

    AttentionProjections.Shape attention() {
        return new AttentionProjections.Shape(numAttentionHeads, attentionHeadDim, qkRmsNorm);
    }

    static Sd3TransformerConfig read(ConfigFile file) {
        file.requireClass(CLASS_NAME);
        int inChannels = file.positive("in_channels", 16);
        Sd3TransformerConfig config = new Sd3TransformerConfig(
                file.positive("sample_size", 128),
                file.positive("patch_size", 2),
                inChannels,
                file.positive("out_channels", inChannels),
                file.positive("num_layers", 18),
                file.positive("num_attention_heads", 18),
                file.positive("attention_head_dim", 64),
                file.positive("joint_attention_dim", 4096),
                file.positive("caption_projection_dim", 1152),
                file.positive("pooled_projection_dim", 2048),
                file.positive("pos_embed_max_size", 96),
                file.choice("qk_norm", Map.of("", false, "rms_norm", true)),
                file.indices("dual_attention_layers"));
        if (config.captionProjectionDim() != config.width()) {
            throw file.invalid(
                    "caption_projection_dim",
                    "is " + config.captionProjectionDim() + " but must be num_attention_heads x attention_head_dim = "
                            + config.width());
        }
        if (config.width() % 4 != 0) {
            throw file.invalid("attention_head_dim", "makes a width of " + config.width() + ", no multiple of 4");
        }
        return config;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("_class_name", CLASS_NAME);
        json.put("attention_head_dim", attentionHeadDim);
        json.put("caption_projection_dim", captionProjectionDim);
        json.put("dual_attention_layers", dualAttentionLayers);
        json.put("in_channels", inChannels);
        json.put("joint_attention_dim", jointAttentionDim);
        json.put("num_attention_heads", numAttentionHeads);
        json.put("num_layers", numLayers);
        json.put("out_channels", outChannels);
        json.put("patch_size", patchSize);
        json.put("pooled_projection_dim", pooledProjectionDim);
        json.put("pos_embed_max_size", posEmbedMaxSize);
        json.put("qk_norm", qkRmsNorm ? "rms_norm" : null);
        json.put("sample_size", sampleSize);
        return json;
    }
}
