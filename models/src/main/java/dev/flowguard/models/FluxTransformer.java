package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The transformer of FLUX.1 (Black Forest Labs 2024), equal to diffusers' {@code FluxTransformer2DModel} in mathematics and
 * parameter names.
 *
 * <p>Image and context tokens first are two streams that meet in one attention per block, as in {@link Sd3Transformer},
 * then one stream. Positions are rotary, in every attention. Where diffusers joins the streams with the context first, the
 * image comes first here: attention does not see the order, only the positions.
 */
public final class FluxTransformer extends Network implements FlowTransformer {

    /** Times and guidance scales count thousandths inside the network. */
    private static final double TIME_SCALE = 1000;

    /** The largest finite FLOAT16; diffusers keeps the streams inside. */
    private static final double MAX_FLOAT16 = 65504;

    private final FluxTransformerConfig config;
    private final Device device;
    private final TimeTextEmbedding timeText;
    private final Linear contextEmbedder;
    private final Linear tokenEmbedder;
    private final List<JointBlock> blocks = new ArrayList<>();
    private final List<SingleStreamBlock> singleBlocks = new ArrayList<>();
    private final AdaptiveNorm outputNorm;
    private final Linear outputProjection;
    private boolean gradientCheckpointing;

    private FluxTransformer(FluxTransformerConfig config, NetworkBuilder builder, Device device) {
        super(builder.contents());
        this.config = config;
        this.device = device;
        int width = config.width();
        timeText = new TimeTextEmbedding(
                builder.at("time_text_embed"), width, config.pooledProjectionDim(), config.guidanceEmbeds(), device);
        contextEmbedder = builder.linear("context_embedder", config.jointAttentionDim(), width);
        tokenEmbedder = builder.linear("x_embedder", config.inChannels(), width);
        for (int i = 0; i < config.numLayers(); i++) {
            blocks.add(new JointBlock(builder.at("transformer_blocks", i), config.attention(), false, false));
        }
        for (int i = 0; i < config.numSingleLayers(); i++) {
            singleBlocks.add(new SingleStreamBlock(builder.at("single_transformer_blocks", i), config.attention()));
        }
        outputNorm = AdaptiveNorm.scaleThenShift(builder.at("norm_out"), width);
        outputProjection = builder.linear("proj_out", width, config.outChannels());
    }

    /** Makes the network from a seed, with PyTorch's default initialisation as diffusers does. */
    public static FluxTransformer initialize(FluxTransformerConfig config, Device device, long seed) {
        return build(config, new SeededParameters(device, seed), device);
    }

    static FluxTransformer build(FluxTransformerConfig config, ParameterSource source, Device device) {
        return Network.build(source, builder -> new FluxTransformer(config, builder, device));
    }

    /** Loads the network from its folder in a pipeline. */
    static FluxTransformer load(Path directory, WeightOptions options) {
        FluxTransformerConfig config = FluxTransformerConfig.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(
                directory, DIFFUSERS_WEIGHTS, options, source -> build(config, source, options.device()));
    }

    /** The shape of the network. */
    public FluxTransformerConfig config() {
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

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the conditioning has a guidance scale and the network takes none, or the other
     *     way round
     */
    @Override
    public Tensor velocity(Tensor latents, Tensor timesteps, Conditioning conditioning) {
        try (Scope scope = Scope.open()) {
            Patching packing = new Patching(config.latentChannels(), FluxTransformerConfig.PACKING);
            long height = latents.size(2);
            long width = latents.size(3);
            Double scale = conditioning.guidanceScale();
            Tensor guidance = scale == null ? null : Tensor.full(device, scale, DType.FLOAT32, latents.size(0));
            Tensor sample = forward(
                    packing.split(latents),
                    conditioning.context(),
                    conditioning.pooled(),
                    timesteps.div(TIME_SCALE),
                    imageIds(height / packing.side(), width / packing.side()),
                    Tensor.zeros(device, DType.FLOAT32, conditioning.context().size(1), 3),
                    guidance);
            return packing.join(sample, height, width).keep();
        }
    }

    /**
     * The velocity of packed latents, with the arguments of {@code FluxTransformer2DModel.forward}.
     *
     * @param hiddenStates packed latents, [B, N, inChannels], FLOAT32
     * @param encoderHiddenStates context tokens, [B, L, jointAttentionDim], FLOAT32
     * @param pooledProjections pooled text, [B, pooledProjectionDim], FLOAT32
     * @param timestep noise level in [0, 1], [B], FLOAT32
     * @param imgIds position of every image token: 0, row, column; [N, 3], FLOAT32
     * @param txtIds position of every context token, all zeros in diffusers' pipeline; [L, 3], FLOAT32
     * @param guidance scale that the network was distilled with, 3.5 for instance; [B], FLOAT32; null if and only if the
     *     network has no guidance embedding
     * @return [B, N, outChannels], FLOAT32, in the current scope
     */
    public Tensor forward(
            Tensor hiddenStates,
            Tensor encoderHiddenStates,
            Tensor pooledProjections,
            Tensor timestep,
            Tensor imgIds,
            Tensor txtIds,
            @Nullable Tensor guidance) {
        try (Scope scope = Scope.open()) {
            Tensor modulation = timeText.forward(
                            thousandths(timestep),
                            guidance == null ? null : thousandths(guidance),
                            pooledProjections.to(dtype()))
                    .silu();
            RotaryPositions positions =
                    RotaryPositions.of(Ops.concat(List.of(imgIds, txtIds), 0), config.axesDimsRope());
            JointBlock.Streams streams = new JointBlock.Streams(
                    tokenEmbedder.forward(hiddenStates.to(dtype())),
                    contextEmbedder.forward(encoderHiddenStates.to(dtype())));
            for (JointBlock block : blocks) {
                JointBlock.Streams next = gradientCheckpointing
                        ? block.checkpointed(streams, modulation, null, positions)
                        : block.forward(streams, modulation, null, positions);
                streams = new JointBlock.Streams(next.image(), finite(next.context()));
            }
            Tensor tokens = Ops.concat(List.of(streams.image(), streams.context()), 1);
            for (SingleStreamBlock block : singleBlocks) {
                tokens = finite(
                        gradientCheckpointing
                                ? block.checkpointed(tokens, modulation, positions)
                                : block.forward(tokens, modulation, positions));
            }
            Tensor image = tokens.slice(1, 0, hiddenStates.size(1));
            return outputProjection
                    .forward(outputNorm.forward(image, modulation).normed())
                    .to(DType.FLOAT32)
                    .keep();
        }
    }

    @Override
    public void enableGradientCheckpointing() {
        gradientCheckpointing = true;
    }

    /** [rows·columns, 3]: 0, row, column */
    private Tensor imageIds(long rows, long columns) {
        float[] ids = new float[Math.toIntExact(3 * rows * columns)];
        int at = 0;
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                ids[at + 1] = row;
                ids[at + 2] = column;
                at += 3;
            }
        }
        return Tensor.of(device, ids, rows * columns, 3);
    }

    /** Rounded to the network's type on the way: diffusers does, and the network was trained with it. */
    private Tensor thousandths(Tensor values) {
        return values.to(dtype()).mul(TIME_SCALE).to(DType.FLOAT32);
    }

    private static Tensor finite(Tensor stream) {
        return stream.dtype() == DType.FLOAT16 ? stream.clamp(-MAX_FLOAT16, MAX_FLOAT16) : stream;
    }
}
