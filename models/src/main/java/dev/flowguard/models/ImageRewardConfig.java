package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of an ImageReward; absent keys are those of ImageReward-v1.0.
 *
 * @param vision the vision transformer
 * @param text the text encoder, which looks at the vision transformer's tokens in every layer
 * @param headSizes widths between the head's five linear layers: four
 */
public record ImageRewardConfig(BlipVisionConfig vision, BlipTextConfig text, List<Integer> headSizes) {

    private static final String MODEL_TYPE = "image-reward";

    public ImageRewardConfig {
        headSizes = List.copyOf(headSizes);
    }

    static ImageRewardConfig read(ConfigFile file) {
        String type = file.text("model_type", "");
        if (!type.equals(MODEL_TYPE)) {
            throw file.invalid("model_type", "is '" + type + "', but '" + MODEL_TYPE + "' is expected here");
        }
        List<Integer> headSizes = file.positives("head_sizes", List.of(1024, 128, 64, 16));
        if (headSizes.size() != ImageRewardHead.LAYERS.size() - 1) {
            throw file.invalid("head_sizes", "must have four widths, not " + headSizes);
        }
        return new ImageRewardConfig(
                BlipVisionConfig.read(file.object("vision_config")),
                BlipTextConfig.read(file.object("text_config")),
                headSizes);
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("head_sizes", headSizes);
        json.put("model_type", MODEL_TYPE);
        json.put("text_config", text.toJson());
        json.put("vision_config", vision.toJson());
        return json;
    }
}
