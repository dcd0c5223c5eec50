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

/** A CLIP text encoder, equal to transformers' {@code CLIPTextModelWithProjection}, or without it {@code CLIPTextModel}. */
public final class ClipTextEncoder extends Network {

    /** transformers keeps this wrong id of old configs as a sign that the largest id of a sequence ends it. */
    private static final int LEGACY_EOS = 2;

    /**
     * What one encoder makes of a batch, FLOAT32.
     *
     * @param context output of the last layer but one, [B, L, hidden]: what diffusers conditions on
     * @param pooled projected, normalised last state at the end of the text, [B, projection]
     */
    public record Encoded(Tensor context, Tensor pooled) {}

    /**
     * All that one encoder knows of a batch, FLOAT32.
     *
     * @param hidden what goes into the first layer and what comes out of each, [B, L, hidden]
     * @param last what comes out of the last layer, normalised, [B, L, hidden]
     * @param pooled the row of {@code last} at the end of the text, [B, hidden]
     */
    record States(List<Tensor> hidden, Tensor last, Tensor pooled) {}

    private final ClipTextConfig config;
    private final Tensor tokens;
    private final Tensor positions;
    private final List<ClipLayer> layers = new ArrayList<>();
    private final LayerNorm finalNorm;
    private final @Nullable Linear projection;
    private final Device device;

    ClipTextEncoder(ClipTextConfig config, NetworkBuilder root, Device device) {
        super(root.contents());
        this.config = config;
        this.device = device;
        NetworkBuilder text = root.at("text_model");
        int width = config.hiddenSize();
        // The standard deviations here and in ClipLayer are those of transformers' CLIPPreTrainedModel._init_weights.
        Initializer embedding = new Initializer.Normal(0.02);
        tokens = text.parameter("embeddings.token_embedding.weight", embedding, config.vocabSize(), width);
        positions = text.parameter(
                "embeddings.position_embedding.weight", embedding, config.maxPositionEmbeddings(), width);
        for (int i = 0; i < config.numHiddenLayers(); i++) {
            layers.add(new ClipLayer(text.at("encoder.layers", i), config.layer()));
        }
        finalNorm = text.layerNorm("final_layer_norm", width, config.layerNormEps());
        projection = config.projects()
                ? root.linear(
                        "text_projection",
                        width,
                        config.projectionDim(),
                        new Initializer.Normal(1 / Math.sqrt((double) width)))
                : null;
    }

    /** Makes the encoder from a seed, initialised as transformers does. */
    public static ClipTextEncoder initialize(ClipTextConfig config, Device device, long seed) {
        return build(config, new SeededParameters(device, seed), device);
    }

    static ClipTextEncoder build(ClipTextConfig config, ParameterSource source, Device device) {
        return Network.build(source, builder -> new ClipTextEncoder(config, builder, device));
    }

    /** Loads the network from its folder in a pipeline. */
    static ClipTextEncoder load(Path directory, WeightOptions options) {
        ClipTextConfig config = ClipTextConfig.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(
                directory, TRANSFORMERS_WEIGHTS, options, source -> build(config, source, options.device()));
    }

    /** The shape of the network. */
    public ClipTextConfig config() {
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
     * Encodes token ids. No position is masked as padding, only as future; that is how diffusers calls it.
     *
     * @param ids one row per prompt, all of one length of at most {@code maxPositionEmbeddings}, every id in the vocabulary
     * @throws IllegalStateException if this encoder has no projection: then {@link #pool} is what it is for
     */
    public Encoded encode(List<long[]> ids) {
        try (Scope scope = Scope.open()) {
            States states = states(ids, null);
            Tensor lastButOne = states.hidden().get(layers.size() - 1);
            return new Encoded(lastButOne.keep(), project(states.pooled()).keep());
        }
    }

    /**
     * The normalised last state at the end of each text, {@code pooler_output}.
     *
     * @param ids as {@link #encode} takes them
     * @return [B, hidden], FLOAT32, in the current scope
     */
    public Tensor pool(List<long[]> ids) {
        try (Scope scope = Scope.open()) {
            return states(ids, null).pooled().keep();
        }
    }

    /**
     * Every state of a pass.
     *
     * @param ids as {@link #encode} takes them
     * @param attentionMask of the same shape: 1 for tokens that later ones attend to, 0 for the others; null for all 1
     */
    States states(List<long[]> ids, @Nullable List<long[]> attentionMask) {
        TokenBatch batch = TokenBatch.of(ids, config.vocabSize());
        int length = batch.length();
        if (length > config.maxPositionEmbeddings()) {
            throw new IllegalArgumentException(
                    "sequences may have " + config.maxPositionEmbeddings() + " tokens, not " + length);
        }
        long[] ends = new long[ids.size()];
        for (int row = 0; row < ids.size(); row++) {
            ends[row] = (long) row * length + endOf(ids.get(row));
        }
        Tensor mask = attentionMask == null ? null : causalMask(attentionMask, batch);
        List<Tensor> hidden = new ArrayList<>();
        Tensor x = Ops.embedding(batch.toTensor(device), tokens).add(positions.slice(0, 0, length));
        hidden.add(x.to(DType.FLOAT32));
        for (ClipLayer layer : layers) {
            x = layer.forward(x, mask);
            hidden.add(x.to(DType.FLOAT32));
        }
        Tensor last = finalNorm.forward(x);
        Tensor pooled = Ops.embedding(
                Tensor.ofLongs(device, ends, ends.length),
                last.reshape((long) ids.size() * length, config.hiddenSize()));
        return new States(hidden, last.to(DType.FLOAT32), pooled.to(DType.FLOAT32));
    }

    /** Pooled states [B, hidden] -> text embeddings [B, projection], FLOAT32 */
    Tensor project(Tensor pooled) {
        if (projection == null) {
            throw new IllegalStateException("this text encoder has no projection");
        }
        return projection.forward(pooled.to(dtype())).to(DType.FLOAT32);
    }

    /** [B, 1, L, L]: what is added to the logits, so that a token sees no later one and none that is masked. */
    private Tensor causalMask(List<long[]> attentionMask, TokenBatch ids) {
        TokenBatch.of(attentionMask, 2).requireShapeOf(ids);
        int length = ids.length();
        float[] mask = new float[Math.multiplyExact(ids.rows(), length * length)];
        for (int row = 0, at = 0; row < ids.rows(); row++) {
            for (int query = 0; query < length; query++) {
                for (int key = 0; key < length; key++, at++) {
                    mask[at] = key > query || attentionMask.get(row)[key] == 0 ? -Float.MAX_VALUE : 0;
                }
            }
        }
        return Tensor.of(device, mask, ids.rows(), 1, length, length).to(dtype());
    }

    /** The first end of text; as in PyTorch's argmax, the first position if there is none. */
    private int endOf(long[] ids) {
        int end = 0;
        for (int i = 0; i < ids.length; i++) {
            if (config.eosTokenId() == LEGACY_EOS) {
                end = ids[i] > ids[end] ? i : end;
            } else if (ids[i] == config.eosTokenId()) {
                return i;
            }
        }
        return end;
    }
}
