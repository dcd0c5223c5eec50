package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** PEFT's {@code LoraConfig} as JSON: a file of its own, or the metadata of diffusers' file. */
final class PeftConfig {

    static final String FILE = "adapter_config.json";

    private static final String BASE_MODEL = "base_model_name_or_path";

    private PeftConfig() {}

    /** What {@code adapter_config.json} says. */
    record Contents(LoraConfig lora, @Nullable String baseModel) {}

    /** @throws InputException if it is missing or asks for a kind of adapter that is not supported */
    static Contents read(Path path) {
        ConfigFile file = ConfigFile.read(path);
        String baseModel = file.text(BASE_MODEL, "");
        return new Contents(of(file), baseModel.isEmpty() ? null : baseModel);
    }

    /**
     * From metadata.
     *
     * @param prefix of every key
     */
    static LoraConfig parse(String source, String json, String prefix) {
        return of(ConfigFile.parse(Path.of(source), json, prefix));
    }

    private static LoraConfig of(ConfigFile file) {
        if (!file.text("peft_type", "LORA").equals("LORA")) {
            throw file.invalid("peft_type", "must be LORA");
        }
        for (String flag : List.of("use_dora", "use_rslora", "lora_bias", "fan_in_fan_out")) {
            if (file.flag(flag, false)) {
                throw file.invalid(flag, "is not supported: only plain LoRA is");
            }
        }
        if (!file.text("bias", "none").equals("none")) {
            throw file.invalid("bias", "must be none");
        }
        for (String key : List.of(
                "modules_to_save", "exclude_modules", "layers_to_transform", "layers_pattern", "target_parameters")) {
            file.requireEmpty(key, "is not supported: name the layers in target_modules");
        }
        LoraTargets targets = targets(file);
        return new LoraConfig(
                file.positive("r", 8),
                file.number("lora_alpha", 8),
                targets,
                initialization(file),
                file.numbers("rank_pattern", JsonNode::canConvertToInt, JsonNode::intValue),
                file.numbers("alpha_pattern", JsonNode::isNumber, JsonNode::doubleValue));
    }

    private static LoraTargets targets(ConfigFile file) {
        JsonNode node = file.root().path("target_modules");
        if (node.isString()) {
            return LoraTargets.matching(node.stringValue());
        }
        List<String> names = file.texts("target_modules");
        if (names.isEmpty()) {
            throw file.invalid("target_modules", "must list module names, or be a regular expression");
        }
        return LoraTargets.named(names);
    }

    /** Only says how training began, but some beginnings change the base model, which an adapter's file does not hold. */
    private static LoraInitialization initialization(ConfigFile file) {
        JsonNode node = file.root().path("init_lora_weights");
        if (node.isString()) {
            String name = node.stringValue();
            if (name.startsWith("pissa")
                    || List.of("olora", "corda", "loftq", "lora_ga").contains(name)) {
                throw file.invalid(
                        "init_lora_weights",
                        "is '" + name + "', which changes the base model too: convert the adapter to a plain LoRA with"
                                + " PEFT's save_pretrained(path_initial_model_for_weight_conversion=...)");
            }
            return name.equals("gaussian") ? LoraInitialization.GAUSSIAN : LoraInitialization.KAIMING;
        }
        return LoraInitialization.KAIMING;
    }

    /** Everything but the base model. */
    static Map<String, Object> settings(LoraConfig config) {
        Map<String, Object> settings = new LinkedHashMap<>();
        if (!config.alphaPattern().isEmpty()) {
            settings.put("alpha_pattern", config.alphaPattern());
        }
        settings.put("bias", "none");
        settings.put("fan_in_fan_out", false);
        settings.put("init_lora_weights", config.initialization().json());
        // PEFT declares alpha an integer.
        boolean whole = config.alpha() == Math.rint(config.alpha());
        settings.put("lora_alpha", whole ? (Object) (long) config.alpha() : (Object) config.alpha());
        settings.put("lora_dropout", 0.0);
        settings.put("peft_type", "LORA");
        settings.put("r", config.rank());
        if (!config.rankPattern().isEmpty()) {
            settings.put("rank_pattern", config.rankPattern());
        }
        settings.put("target_modules", config.targets().json());
        settings.put("use_dora", false);
        settings.put("use_rslora", false);
        return settings;
    }

    static Map<String, Object> withBaseModel(LoraConfig config, String baseModel) {
        Map<String, Object> file = new LinkedHashMap<>(settings(config));
        file.put(BASE_MODEL, baseModel);
        file.put("inference_mode", true);
        file.put("task_type", null);
        return file;
    }
}
