package dev.flowguard.models;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a variational autoencoder, as {@code vae/config.json} of diffusers' {@code AutoencoderKL} has it.
 *
 * @param inChannels channels of the images that are encoded
 * @param outChannels channels of the images that are decoded
 * @param blockOutChannels width per resolution, from the full one down; n entries halve the image n - 1 times
 * @param layersPerBlock residual blocks per resolution in the encoder; the decoder has one more
 * @param latentChannels channels of the latents
 * @param normNumGroups groups of every group normalisation
 * @param sampleSize side of the tiles in which large images are encoded and decoded
 * @param scalingFactor what latents are multiplied by after {@code shiftFactor} was subtracted, to have unit variance
 * @param shiftFactor mean of the latents
 * @param useQuantConv whether a 1x1 convolution follows the encoder
 * @param usePostQuantConv whether a 1x1 convolution comes before the decoder
 * @param midBlockAddAttention whether the middle has self-attention
 */
public record AutoencoderKlConfig(
        int inChannels,
        int outChannels,
        List<Integer> blockOutChannels,
        int layersPerBlock,
        int latentChannels,
        int normNumGroups,
        int sampleSize,
        double scalingFactor,
        double shiftFactor,
        boolean useQuantConv,
        boolean usePostQuantConv,
        boolean midBlockAddAttention) {

    static final String CLASS_NAME = "AutoencoderKL";
    private static final String DOWN = "DownEncoderBlock2D";
    private static final String UP = "UpDecoderBlock2D";

    public AutoencoderKlConfig {
        blockOutChannels = List.copyOf(blockOutChannels);
    }

    /** How many pixels a latent element covers in each direction. */
    public int scaleFactor() {
        return 1 << (blockOutChannels.size() - 1);
    }

    /** Tiles of images, or null if {@code sample_size} makes none. */
    @Nullable
    Tiling encoderTiling() {
        return tileable() ? new Tiling(sampleSize, sampleSize / scaleFactor()) : null;
    }

    /** Tiles of latents, or null if {@code sample_size} makes none. */
    @Nullable
    Tiling decoderTiling() {
        return tileable() ? new Tiling(sampleSize / scaleFactor(), sampleSize) : null;
    }

    private boolean tileable() {
        return sampleSize % scaleFactor() == 0 && Tiling.fits(sampleSize / scaleFactor());
    }

    static AutoencoderKlConfig read(ConfigFile file) {
        file.requireClass(CLASS_NAME);
        file.requireEmpty("latents_mean", "latents_mean is not supported: use shift_factor");
        file.requireEmpty("latents_std", "latents_std is not supported: use scaling_factor");
        file.choice("act_fn", Map.of("", true, "silu", true, "swish", true));
        List<Integer> widths = file.positives("block_out_channels", List.of(64));
        if (widths.size() > 10) {
            throw file.invalid("block_out_channels", "has " + widths.size() + " entries; more than 10 cannot be meant");
        }
        file.requireAll("down_block_types", DOWN, widths.size());
        file.requireAll("up_block_types", UP, widths.size());
        int groups = file.positive("norm_num_groups", 32);
        for (int width : widths) {
            if (width % groups != 0) {
                throw file.invalid(
                        "block_out_channels", "has " + width + ", no multiple of norm_num_groups = " + groups);
            }
        }
        double scaling = file.number("scaling_factor", 0.18215);
        if (scaling == 0) {
            throw file.invalid("scaling_factor", "must not be 0");
        }
        return new AutoencoderKlConfig(
                file.positive("in_channels", 3),
                file.positive("out_channels", 3),
                widths,
                file.positive("layers_per_block", 1),
                file.positive("latent_channels", 4),
                groups,
                file.positive("sample_size", 32),
                scaling,
                file.number("shift_factor", 0),
                file.flag("use_quant_conv", true),
                file.flag("use_post_quant_conv", true),
                file.flag("mid_block_add_attention", true));
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("_class_name", CLASS_NAME);
        json.put("act_fn", "silu");
        json.put("block_out_channels", blockOutChannels);
        json.put("down_block_types", Collections.nCopies(blockOutChannels.size(), DOWN));
        json.put("force_upcast", true);
        json.put("in_channels", inChannels);
        json.put("latent_channels", latentChannels);
        json.put("layers_per_block", layersPerBlock);
        json.put("mid_block_add_attention", midBlockAddAttention);
        json.put("norm_num_groups", normNumGroups);
        json.put("out_channels", outChannels);
        json.put("sample_size", sampleSize);
        json.put("scaling_factor", scalingFactor);
        json.put("shift_factor", shiftFactor);
        json.put("up_block_types", Collections.nCopies(blockOutChannels.size(), UP));
        json.put("use_post_quant_conv", usePostQuantConv);
        json.put("use_quant_conv", useQuantConv);
        return json;
    }
}
