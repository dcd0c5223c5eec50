package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of FLUX.1's transformer, as {@code transformer/config.json} of diffusers' {@code FluxTransformer2DModel} has it.
 *
 * @param inChannels channels of a token: four times those of the latents, as it covers 2 x 2 of their elements
 * @param outChannels channels of a token of the velocity
 * @param numLayers number of blocks with two streams
 * @param numSingleLayers number of blocks with one stream
 * @param attentionHeadDim width of one head
 * @param numAttentionHeads heads per attention; with attentionHeadDim it gives the width of the network
 * @param jointAttentionDim width of the context tokens
 * @param pooledProjectionDim width of the pooled text embedding
 * @param guidanceEmbeds whether it takes the guidance scale as an input, as FLUX.1-dev does and schnell does not
 * @param axesDimsRope how many elements of a head turn with each axis of a position: index (always 0), row, column
 */
public record FluxTransformerConfig(
        int inChannels,
        int outChannels,
        int numLayers,
        int numSingleLayers,
        int attentionHeadDim,
        int numAttentionHeads,
        int jointAttentionDim,
        int pooledProjectionDim,
        boolean guidanceEmbeds,
        List<Integer> axesDimsRope) {

    static final String CLASS_NAME = "FluxTransformer2DModel";

    /** Side of the square of latent elements that is one token; a constant of diffusers' pipeline. */
    static final int PACKING = 2;

    private static final int AXES = 3;

    public FluxTransformerConfig {
        axesDimsRope = List.copyOf(axesDimsRope);
    }

    /** Width of the network: heads times the width of a head. */
    public int width() {
        return numAttentionHeads * attentionHeadDim;
    }

    /** Channels of the latents: those of a token by the elements that it covers. */
    public int latentChannels() {
        return inChannels / (PACKING * PACKING);
    }

    AttentionProjections.Shape attention() {
        return new AttentionProjections.Shape(numAttentionHeads, attentionHeadDim, true);
    }

    static FluxTransformerConfig read(ConfigFile file) {
        file.requireClass(CLASS_NAME);
        if (file.positive("patch_size", 1) != 1) {
            throw file.invalid("patch_size", "must be 1: the latents are packed before they meet the transformer");
        }
        int inChannels = file.positive("in_channels", 64);
        FluxTransformerConfig config = new FluxTransformerConfig(
                inChannels,
                file.positive("out_channels", inChannels),
                file.positive("num_layers", 19),
                file.positive("num_single_layers", 38),
                file.positive("attention_head_dim", 128),
                file.positive("num_attention_heads", 24),
                file.positive("joint_attention_dim", 4096),
                file.positive("pooled_projection_dim", 768),
                file.flag("guidance_embeds", false),
                file.positives("axes_dims_rope", List.of(16, 56, 56)));
        if (inChannels % (PACKING * PACKING) != 0 || config.outChannels() != inChannels) {
            throw file.invalid(
                    "in_channels",
                    "is " + inChannels + " and out_channels " + config.outChannels()
                            + ", but both must be the same multiple of 4");
        }
        List<Integer> axes = config.axesDimsRope();
        if (axes.size() != AXES
                || axes.stream().anyMatch(dim -> dim % 2 != 0)
                || axes.stream().mapToInt(Integer::intValue).sum() != config.attentionHeadDim()) {
            throw file.invalid(
                    "axes_dims_rope",
                    "is " + axes + ", but must be three even numbers that add up to attention_head_dim = "
                            + config.attentionHeadDim());
        }
        return config;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("_class_name", CLASS_NAME);
        json.put("attention_head_dim", attentionHeadDim);
        json.put("axes_dims_rope", axesDimsRope);
        json.put("guidance_embeds", guidanceEmbeds);
        json.put("in_channels", inChannels);
        json.put("joint_attention_dim", jointAttentionDim);
        json.put("num_attention_heads", numAttentionHeads);
        json.put("num_layers", numLayers);
        json.put("num_single_layers", numSingleLayers);
        json.put("out_channels", outChannels);
        json.put("patch_size", 1);
        json.put("pooled_projection_dim", pooledProjectionDim);
        return json;
    }
}
