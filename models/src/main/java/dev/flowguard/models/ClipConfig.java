package dev.flowguard.models;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of a CLIP model, as {@code config.json} of transformers' {@code CLIPModel} has it.
 *
 * @param text the text transformer, which projects to {@code projectionDim}
 * @param vision the vision transformer
 * @param projectionDim width of the embeddings that texts and images share
 */
public record ClipConfig(ClipTextConfig text, ClipVisionConfig vision, int projectionDim) {

    private static final String MODEL_TYPE = "clip";

    static ClipConfig read(ConfigFile file) {
        String type = file.text("model_type", MODEL_TYPE);
        if (!type.equals(MODEL_TYPE)) {
            throw file.invalid(
                    "model_type", "is '" + type + "', but a CLIP model ('" + MODEL_TYPE + "') is expected here");
        }
        int projection = file.positive("projection_dim", 512);
        return new ClipConfig(
                ClipTextConfig.read(part(file, "text_config")).projectingTo(projection),
                ClipVisionConfig.read(part(file, "vision_config")),
                projection);
    }

    /** Files of old versions say it twice; transformers goes by {@code text_config_dict} then, with its defaults. */
    private static ConfigFile part(ConfigFile file, String key) {
        String old = key + "_dict";
        return file.object(file.has(old) ? old : key);
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("architectures", List.of("CLIPModel"));
        json.put("model_type", MODEL_TYPE);
        json.put("projection_dim", projectionDim);
        json.put("text_config", text.toJson());
        json.put("vision_config", vision.toJson());
        return json;
    }
}
