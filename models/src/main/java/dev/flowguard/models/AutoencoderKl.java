package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A variational autoencoder between images and latents, equal to diffusers' {@code AutoencoderKL}.
 *
 * <p>Images here are [B, 3, H, W] in [-1, 1], latents as the encoder makes them; {@link #normalize} and
 * {@link #denormalize} lead to the latents of the flow model and back.
 *
 * <p>Images of more than 1024 x 1024 pixels are encoded and decoded in overlapping tiles of {@code sample_size}, as diffusers
 * does after {@code vae.enable_tiling()}: attention in the middle of the network takes memory by the square of the pixels.
 */
public final class AutoencoderKl extends Network {

    /** What Stable Diffusion 3 and FLUX are made for, and the sample_size of their autoencoders: up to here, no seams. */
    private static final long LARGEST_WHOLE = 1024L * 1024;

    private final AutoencoderKlConfig config;
    private final VaeEncoder encoder;
    private final VaeDecoder decoder;
    private final @Nullable Conv2d quantization;
    private final @Nullable Conv2d postQuantization;

    private AutoencoderKl(AutoencoderKlConfig config, NetworkBuilder builder) {
        super(builder.contents());
        this.config = config;
        encoder = new VaeEncoder(builder.at("encoder"), config);
        decoder = new VaeDecoder(builder.at("decoder"), config);
        int channels = config.latentChannels();
        quantization =
                config.useQuantConv() ? builder.conv2d("quant_conv", 2L * channels, 2L * channels, 1, 1, 0) : null;
        postQuantization =
                config.usePostQuantConv() ? builder.conv2d("post_quant_conv", channels, channels, 1, 1, 0) : null;
    }

    /** Makes the network from a seed, with PyTorch's default initialisation as diffusers does. */
    public static AutoencoderKl initialize(AutoencoderKlConfig config, Device device, long seed) {
        return build(config, new SeededParameters(device, seed));
    }

    static AutoencoderKl build(AutoencoderKlConfig config, ParameterSource source) {
        return Network.build(source, builder -> new AutoencoderKl(config, builder));
    }

    /** Loads the network from its folder in a pipeline. */
    static AutoencoderKl load(Path directory, WeightOptions options) {
        AutoencoderKlConfig config = AutoencoderKlConfig.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(directory, DIFFUSERS_WEIGHTS, options, source -> build(config, source));
    }

    /** The shape of the network. */
    public AutoencoderKlConfig config() {
        return config;
    }

    @Override
    Map<String, Object> configJson() {
        return config.toJson();
    }

    @Override
    String weightsStem() {
        return DIFFUSERS_WEIGHTS;
    }

    /** [B, 3, H, W] in [-1, 1] -> the distribution of its latents; H and W multiples of the scale factor. */
    public LatentDistribution encode(Tensor image) {
        try (Scope scope = Scope.open()) {
            long pixels = image.size(2) * image.size(3);
            List<Tensor> halves = inPieces(image, pixels, config.encoderTiling(), this::encodeWhole)
                    .chunk(2, 1);
            return new LatentDistribution(halves.get(0), halves.get(1).clamp(-30, 20)).keep();
        }
    }

    /** [B, C, h, w] -> [B, 3, H, W], about [-1, 1] but not clamped */
    public Tensor decode(Tensor latents) {
        long factor = config.scaleFactor();
        long pixels = factor * latents.size(2) * factor * latents.size(3);
        return inPieces(latents, pixels, config.decoderTiling(), this::decodeWhole);
    }

    /** [B, 3, H, W] -> the moments [B, 2C, h, w], in one piece */
    Tensor encodeWhole(Tensor image) {
        try (Scope scope = Scope.open()) {
            Tensor moments = encoder.forward(image.to(dtype()));
            return (quantization == null ? moments : quantization.forward(moments))
                    .to(DType.FLOAT32)
                    .keep();
        }
    }

    /** {@link #decode} in one piece, whatever the size */
    Tensor decodeWhole(Tensor latents) {
        try (Scope scope = Scope.open()) {
            Tensor in = latents.to(dtype());
            return decoder.forward(postQuantization == null ? in : postQuantization.forward(in))
                    .to(DType.FLOAT32)
                    .keep();
        }
    }

    /** Latents of the encoder -> latents of the flow model: (z - shift)·scale */
    public Tensor normalize(Tensor latents) {
        return latents.sub(config.shiftFactor()).mul(config.scalingFactor());
    }

    /** Latents of the flow model -> latents of the decoder: z/scale + shift */
    public Tensor denormalize(Tensor latents) {
        return latents.div(config.scalingFactor()).add(config.shiftFactor());
    }

    private static Tensor inPieces(Tensor x, long pixels, @Nullable Tiling tiling, UnaryOperator<Tensor> network) {
        return tiling == null || pixels <= LARGEST_WHOLE || !tiling.divides(x)
                ? network.apply(x)
                : tiling.forward(x, network);
    }
}
