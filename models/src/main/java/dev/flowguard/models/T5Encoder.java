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

/** The encoder of a T5 v1.1, equal to transformers' {@code T5EncoderModel} with a gated GELU. */
public final class T5Encoder extends Network {

    /** What is added to the logits of a masked token, as transformers does: its weight is then exactly 0. */
    private static final double MASKED = -Float.MAX_VALUE;

    private final T5Config config;
    private final Tensor tokens;
    private final RelativePositionBias positions;
    private final List<T5Layer> layers = new ArrayList<>();
    private final RmsNorm finalNorm;
    private final Device device;

    private T5Encoder(T5Config config, NetworkBuilder root, Device device) {
        super(root.contents());
        this.config = config;
        this.device = device;
        tokens = root.parameter("shared.weight", new Initializer.Normal(1), config.vocabSize(), config.dModel());
        NetworkBuilder encoder = root.at("encoder");
        // transformers keeps the only table of positions in the first layer; all layers use it.
        positions = new RelativePositionBias(
                encoder.at("block", 0).at("layer.0.SelfAttention.relative_attention_bias"), config, device);
        for (int i = 0; i < config.numLayers(); i++) {
            layers.add(new T5Layer(encoder.at("block", i), config));
        }
        finalNorm = encoder.rmsNorm("final_layer_norm", config.dModel(), config.layerNormEpsilon());
    }

    /** Makes the encoder from a seed, initialised as transformers does. */
    public static T5Encoder initialize(T5Config config, Device device, long seed) {
        return build(config, new SeededParameters(device, seed), device);
    }

    static T5Encoder build(T5Config config, ParameterSource source, Device device) {
        return Network.build(source, builder -> new T5Encoder(config, builder, device));
    }

    /** Loads the network from its folder in a pipeline. */
    static T5Encoder load(Path directory, WeightOptions options) {
        T5Config config = T5Config.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(
                directory, TRANSFORMERS_WEIGHTS, options, source -> build(config, source, options.device()));
    }

    /** The shape of the network. */
    public T5Config config() {
        return config;
    }

    @Override
    Map<String, Object> configJson() {
        return config.toJson();
    }

    @Override
    String weightsStem() {
        return TRANSFORMERS_WEIGHTS;
    }

    /**
     * Encodes token ids; padding takes part in attention like any other token, which is how diffusers calls T5 for Stable
     * Diffusion 3 and FLUX.
     *
     * @param ids one row per prompt, all of one length, every id in the vocabulary
     * @return the last hidden state [B, L, d_model], FLOAT32
     */
    public Tensor encode(List<long[]> ids) {
        try (Scope scope = Scope.open()) {
            TokenBatch batch = TokenBatch.of(ids, config.vocabSize());
            return forward(batch, positions.forward(batch.length())).keep();
        }
    }

    /**
     * Encodes token ids of which some are not to be seen.
     *
     * @param ids one row per prompt, all of one length, every id in the vocabulary
     * @param attentionMask of the same shape: 1 for tokens that take part in attention, 0 for the others; at least one 1
     *     per row
     * @return the last hidden state [B, L, d_model], FLOAT32
     */
    public Tensor encode(List<long[]> ids, List<long[]> attentionMask) {
        try (Scope scope = Scope.open()) {
            TokenBatch batch = TokenBatch.of(ids, config.vocabSize());
            TokenBatch mask = TokenBatch.of(attentionMask, 2);
            mask.requireShapeOf(batch);
            Tensor bias = positions.forward(batch.length());
            Tensor hidden = mask.toTensor(device)
                    .to(DType.FLOAT32)
                    .sub(1)
                    .mul(-MASKED)
                    .reshape(mask.rows(), 1, 1, mask.length());
            return forward(batch, bias.add(hidden).to(dtype())).keep();
        }
    }

    private Tensor forward(TokenBatch batch, Tensor bias) {
        Tensor x = Ops.embedding(batch.toTensor(device), tokens);
        for (T5Layer layer : layers) {
            x = layer.forward(x, bias);
        }
        return finalNorm.forward(x).to(DType.FLOAT32);
    }
}
