package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The multimodal diffusion transformer of Stable Diffusion 3 (Esser et al. 2024), equal to diffusers'
 * {@code SD3Transformer2DModel} in mathematics and parameter names.
 *
 * <p>Image patches and context tokens are two streams with weights of their own that meet in one attention per block; in
 * Stable Diffusion 3.5 Medium some blocks have a second attention among the image patches. Time and pooled text modulate
 * both streams.
 */
public final class Sd3Transformer extends Network implements FlowTransformer {

    private final Sd3TransformerConfig config;
    private final PatchEmbedding patches;
    private final TimeTextEmbedding timeText;
    private final Linear contextEmbedder;
    private final List<JointBlock> blocks = new ArrayList<>();
    private final AdaptiveNorm outputNorm;
    private final Linear outputProjection;
    private boolean gradientCheckpointing;

    private Sd3Transformer(Sd3TransformerConfig config, NetworkBuilder builder, Device device) {
        super(builder.contents());
        this.config = config;
        int width = config.width();
        patches = new PatchEmbedding(builder.at("pos_embed"), config);
        timeText = new TimeTextEmbedding(
                builder.at("time_text_embed"), width, config.pooledProjectionDim(), false, device);
        contextEmbedder = builder.linear("context_embedder", config.jointAttentionDim(), width);
        for (int i = 0; i < config.numLayers(); i++) {
            boolean last = i == config.numLayers() - 1;
            boolean dual = config.dualAttentionLayers().contains(i);
            blocks.add(new JointBlock(builder.at("transformer_blocks", i), config.attention(), last, dual));
        }
        outputNorm = AdaptiveNorm.scaleThenShift(builder.at("norm_out"), width);
        outputProjection = builder.linear(
                "proj_out", width, (long) config.patchSize() * config.patchSize() * config.outChannels());
    }

    /** Makes the network from a seed, with PyTorch's default initialisation as diffusers does. */
    public static Sd3Transformer initialize(Sd3TransformerConfig config, Device device, long seed) {
        return build(config, new SeededParameters(device, seed), device);
    }

    static Sd3Transformer build(Sd3TransformerConfig config, ParameterSource source, Device device) {
        return Network.build(source, builder -> new Sd3Transformer(config, builder, device));
    }

    /** Loads the network from its folder in a pipeline. */
    static Sd3Transformer load(Path directory, WeightOptions options) {
        Sd3TransformerConfig config = Sd3TransformerConfig.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(
                directory, DIFFUSERS_WEIGHTS, options, source -> build(config, source, options.device()));
    }

    /** The shape of the network. */
    public Sd3TransformerConfig config() {
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

    @Override
    public Tensor velocity(Tensor latents, Tensor timesteps, Conditioning conditioning) {
        try (Scope scope = Scope.open()) {
            Tensor modulation = timeText.forward(
                            timesteps, null, conditioning.pooled().to(dtype()))
                    .silu();
            Tensor context = contextEmbedder.forward(conditioning.context().to(dtype()));
            JointBlock.Streams streams = new JointBlock.Streams(patches.forward(latents.to(dtype())), context);
            Tensor bias = attentionBias(streams, conditioning.lastTokenCopies());
            for (JointBlock block : blocks) {
                streams = gradientCheckpointing
                        ? block.checkpointed(streams, modulation, bias, null)
                        : block.forward(streams, modulation, bias, null);
            }
            Tensor tokens = outputProjection.forward(
                    outputNorm.forward(streams.image(), modulation).normed());
            return patches.assemble(tokens, latents.size(2), latents.size(3))
                    .to(DType.FLOAT32)
                    .keep();
        }
    }

    @Override
    public void enableGradientCheckpointing() {
        gradientCheckpointing = true;
    }

    /** [1, 1, 1, N + L]: ln(copies) for the last key, so that its softmax weight is that of all its copies together. */
    private static @Nullable Tensor attentionBias(JointBlock.Streams streams, int copies) {
        if (copies == 1) {
            return null;
        }
        int keys = Math.toIntExact(streams.image().size(1) + streams.context().size(1));
        float[] bias = new float[keys];
        bias[keys - 1] = (float) Math.log(copies);
        return Tensor.of(streams.image().device(), bias, 1, 1, 1, keys)
                .to(streams.image().dtype());
    }
}
