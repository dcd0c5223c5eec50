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
 * ImageReward (Xu et al. 2023): BLIP's text encoder reads a prompt while it looks at the image, and a head rates what its first token
 * becomes. Tensors have the names of the original's state dict.
 */
public final class ImageRewardModel extends Network {

    private final ImageRewardConfig config;
    private final BlipVisionModel vision;
    private final BlipTextModel text;
    private final ImageRewardHead head;

    private ImageRewardModel(ImageRewardConfig config, NetworkBuilder root, Device device) {
        super(root.contents());
        this.config = config;
        int imageWidth = config.vision().hiddenSize();
        vision = new BlipVisionModel(root.at("blip.visual_encoder"), config.vision());
        text = new BlipTextModel(root.at("blip.text_encoder"), config.text(), imageWidth, device);
        // As in the original: rewards of 16 bits would tie.
        head = new ImageRewardHead(
                root.in(DType.FLOAT32).at("mlp"), config.text().hiddenSize(), config.headSizes());
    }

    /**
     * Loads a model from the folder that {@code tools/rewards/convert_image_reward.py} writes: {@code config.json} and
     * {@code model.safetensors}.
     *
     * @param device where it computes
     * @param dtype what it computes in, whatever its files hold: FLOAT32, FLOAT16 or BFLOAT16
     * @throws InputException if the folder holds no such model: one line that says what is wrong
     */
    public static ImageRewardModel load(Path directory, Device device, DType dtype) {
        ImageRewardConfig config = ImageRewardConfig.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(
                directory,
                TRANSFORMERS_WEIGHTS,
                new WeightOptions(device, dtype, null),
                source -> Network.build(source, builder -> new ImageRewardModel(config, builder, device)));
    }

    /** The shape of the network. */
    public ImageRewardConfig config() {
        return config;
    }

    /**
     * What the head says, before it is brought to mean 0 and deviation 1 over the authors' data.
     *
     * @param ids one row per prompt, all of one length and without padding, every id in the vocabulary
     * @param pixels the image of each prompt, [B, 3, imageSize, imageSize], FLOAT32
     * @return [B], FLOAT32, in the current scope
     */
    public Tensor rewards(List<long[]> ids, Tensor pixels) {
        try (Scope scope = Scope.open()) {
            Tensor states = text.forward(ids, vision.forward(pixels.to(dtype())));
            Tensor first = states.slice(1, 0, 1).squeeze(1);
            return head.forward(first.to(DType.FLOAT32)).squeeze(1).keep();
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
