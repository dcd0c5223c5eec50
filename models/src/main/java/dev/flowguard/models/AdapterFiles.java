package dev.flowguard.models;

import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * An adapter on disk, for both of its readers at once: PEFT ({@code adapter_config.json} and
 * {@code adapter_model.safetensors}) and diffusers' {@code load_lora_weights}
 * ({@code pytorch_lora_weights.safetensors}).
 *
 * <p>diffusers takes alpha from the metadata of the file, and without it assumes a scale of 1: an adapter of rank 16 and
 * alpha 32 would silently work at half its strength.
 */
public final class AdapterFiles {

    private static final String CONFIG = "adapter_config.json";
    private static final String PEFT_WEIGHTS = "adapter_model.safetensors";
    private static final String DIFFUSERS_WEIGHTS = "pytorch_lora_weights.safetensors";
    private static final String PEFT_PREFIX = "base_model.model.";
    private static final String DIFFUSERS_PREFIX = "transformer.";
    private static final String DIFFUSERS_METADATA = "lora_adapter_metadata";

    private AdapterFiles() {}

    /**
     * Writes the three files; each is whole or not there, the PEFT configuration last.
     *
     * @param tensors under PEFT's names, as {@link LoraAdapter#parameters()} has them, or an average of these
     * @param baseModel where the base model lies, for the reader's information
     * @throws InputException if the disk refuses
     */
    public static void write(Path directory, LoraConfig config, Map<String, Tensor> tensors, String baseModel) {
        Map<String, Tensor> forDiffusers = new LinkedHashMap<>();
        tensors.forEach(
                (name, tensor) -> forDiffusers.put(DIFFUSERS_PREFIX + name.substring(PEFT_PREFIX.length()), tensor));
        Map<String, Object> metadata = new LinkedHashMap<>();
        settings(config).forEach((key, value) -> metadata.put(DIFFUSERS_PREFIX + key, value));
        Map<String, String> header = new LinkedHashMap<>();
        header.put("format", "pt");
        header.put(DIFFUSERS_METADATA, new JsonMapper().writeValueAsString(metadata));
        Safetensors.write(directory.resolve(DIFFUSERS_WEIGHTS), forDiffusers, header);
        Safetensors.write(directory.resolve(PEFT_WEIGHTS), tensors, Map.of("format", "pt"));
        Map<String, Object> peft = new LinkedHashMap<>(settings(config));
        peft.put("base_model_name_or_path", baseModel);
        peft.put("inference_mode", true);
        peft.put("task_type", null);
        AtomicFile.write(directory.resolve(CONFIG), ConfigFile.toJson(peft));
    }

    /**
     * Reads {@code adapter_config.json}.
     *
     * @throws InputException if it is missing or asks for a kind of adapter that is not supported
     */
    public static LoraConfig readConfig(Path directory) {
        ConfigFile file = ConfigFile.read(directory.resolve(CONFIG));
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
        for (String key : List.of("rank_pattern", "alpha_pattern", "modules_to_save")) {
            file.requireEmpty(key, "only one rank and alpha for all modules are supported");
        }
        int rank = file.positive("r", 8);
        double alpha = file.number("lora_alpha", 8);
        List<String> targets = file.texts("target_modules");
        if (targets.isEmpty()) {
            throw file.invalid("target_modules", "must list module names");
        }
        boolean gaussian =
                file.root().path("init_lora_weights").asString("").equals(LoraInitialization.GAUSSIAN.json());
        return new LoraConfig(
                rank, alpha, targets, gaussian ? LoraInitialization.GAUSSIAN : LoraInitialization.KAIMING);
    }

    /**
     * The tensors of {@code adapter_model.safetensors} under PEFT's names, in the current scope.
     *
     * @throws InputException if the file is missing or corrupt
     */
    public static Map<String, Tensor> readTensors(Path directory, Device device) {
        try (SafetensorsFile file = SafetensorsFile.open(directory.resolve(PEFT_WEIGHTS))) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (String name : file.names()) {
                tensors.put(name, file.read(name, device));
            }
            return tensors;
        }
    }

    private static Map<String, Object> settings(LoraConfig config) {
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("bias", "none");
        settings.put("fan_in_fan_out", false);
        settings.put("init_lora_weights", config.initialization().json());
        // PEFT declares alpha an integer.
        boolean whole = config.alpha() == Math.rint(config.alpha());
        settings.put("lora_alpha", whole ? (Object) (long) config.alpha() : (Object) config.alpha());
        settings.put("lora_dropout", 0.0);
        settings.put("peft_type", "LORA");
        settings.put("r", config.rank());
        settings.put("target_modules", config.targets().json());
        settings.put("use_dora", false);
        settings.put("use_rslora", false);
        return settings;
    }
}
