package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A whole CLIP, equal to transformers' {@code CLIPModel}: texts and images become embeddings of one space, whose cosine says how well
 * they go together.
 */
public final class ClipModel extends Network {

    /** {@code logit_scale_init_value}: ln(1 / 0.07). */
    private static final double INITIAL_LOGIT_SCALE = 2.6592;

    private final ClipConfig config;
    private final ClipTextEncoder text;
    private final ClipVisionModel vision;
    private final Tensor logitScale;

    private ClipModel(ClipConfig config, NetworkBuilder root, Device device) {
        super(root.contents());
        this.config = config;
        // The encoder shares its tensors with this network, which owns and closes them.
        text = new ClipTextEncoder(config.text(), root, device);
        vision = new ClipVisionModel(config.vision(), config.projectionDim(), root);
        // A 16-bit logarithm would move every score by up to 0.2 %.
        logitScale = root.in(DType.FLOAT32).parameter("logit_scale", new Initializer.Constant(INITIAL_LOGIT_SCALE));
    }

    /**
     * Loads a model from the folder that {@code CLIPModel.save_pretrained} writes: {@code config.json} and
     * {@code model.safetensors}, whole or in shards.
     *
     * @param device where it computes
     * @param dtype what it computes in, whatever its files hold: FLOAT32, FLOAT16 or BFLOAT16
     * @throws InputException if the folder holds no such model: one line that says what is wrong
     */
    public static ClipModel load(Path directory, Device device, DType dtype) {
        ClipConfig config = ClipConfig.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(
                directory,
                TRANSFORMERS_WEIGHTS,
                new WeightOptions(device, dtype, null),
                source -> build(config, source, device));
    }

    /** Makes a model from a seed, initialised as transformers does. */
    public static ClipModel initialize(ClipConfig config, Device device, long seed) {
        return build(config, new SeededParameters(device, seed), device);
    }

    private static ClipModel build(ClipConfig config, ParameterSource source, Device device) {
        return Network.build(source, builder -> new ClipModel(config, builder, device));
    }

    /** The shape of the network. */
    public ClipConfig config() {
        return config;
    }

    /**
     * {@code get_text_features}: embeddings of token ids, not normalised.
     *
     * @param ids one row per text, all of one length of at most {@code maxPositionEmbeddings}, every id in the vocabulary
     * @return [B, projection], FLOAT32, in the current scope
     */
    public Tensor textFeatures(List<long[]> ids) {
        return text.encode(ids).pooled();
    }

    /**
     * {@code get_image_features}: embeddings of preprocessed images, not normalised.
     *
     * @param pixels [B, 3, imageSize, imageSize], FLOAT32, as {@link ClipImageProcessor} makes them
     * @return [B, projection], FLOAT32, in the current scope
     */
    public Tensor imageFeatures(Tensor pixels) {
        try (Scope scope = Scope.open()) {
            return vision.embed(pixels.to(dtype())).to(DType.FLOAT32).keep();
        }
    }

    /** The logarithm of the factor by which cosines become logits. */
    public double logitScale() {
        try (Scope scope = Scope.open()) {
            return logitScale.item();
        }
    }

    @Override
    Map<String, Object> configJson() {
        return config.toJson();
    }

    @Override
    String weightsStem() {
        return TRANSFORMERS_WEIGHTS;
    }
}
