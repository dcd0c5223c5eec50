package dev.flowguard.learner.recipe;

import dev.flowguard.grpo.ClipRange;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.models.ModelFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A preset in the words of recipes: each line can be written into one.
 *
 * @param preset which one
 * @param settings in the order in which they are read
 */
public record PresetSheet(Preset preset, List<Setting> settings) {

    /** Paper symbols by key; a key without one is the run's and no preset's. */
    private static final List<Map.Entry<String, String>> KEYS = List.of(
            Map.entry("sampling.num_inference_steps", "T"),
            Map.entry("sampling.kernel", ""),
            Map.entry("sampling.noise_level", "a, eta"),
            Map.entry("sampling.guidance_scale", "w of CFG"),
            Map.entry("sampling.stochastic_steps", ""),
            Map.entry("sampling.initial_noise", "x_1"),
            Map.entry("sampling.branches", "K"),
            Map.entry("evaluation.num_inference_steps", "T"),
            Map.entry("groups.size", "G"),
            Map.entry("groups.per_iteration", ""),
            Map.entry("objective.ratio", "r"),
            Map.entry("objective.step_weight", "delta, w"),
            Map.entry("objective.clip_range", "c, epsilon"),
            Map.entry("objective.clip_space", ""),
            Map.entry("objective.divergence_threshold", "tau"),
            Map.entry("objective.divergence_penalty", "lambda"),
            Map.entry("objective.advantage", "A"),
            Map.entry("objective.advantage_spread", "std of A"),
            Map.entry("objective.advantage_limit", ""),
            Map.entry("objective.kl_beta", "beta_KL"),
            Map.entry("objective.kl_form", "KL"),
            Map.entry("objective.kl_warmup_iterations", ""),
            Map.entry("objective.kl_schedule", ""),
            Map.entry("optimizer.learning_rate", "lr"),
            Map.entry("optimizer.warmup_steps", ""),
            Map.entry("optimizer.schedule", ""),
            Map.entry("optimizer.betas", "beta_1, beta_2"),
            Map.entry("optimizer.epsilon", "epsilon of Adam"),
            Map.entry("optimizer.weight_decay", ""),
            Map.entry("optimizer.max_grad_norm", ""),
            Map.entry("optimizer.steps_per_iteration", ""),
            Map.entry("optimizer.inner_epochs", "mu"),
            Map.entry("ema.decay", ""),
            Map.entry("ema.interval", ""),
            Map.entry("adapter.rank", "r of LoRA"),
            Map.entry("adapter.lora_alpha", "alpha of LoRA"));

    /**
     * One setting.
     *
     * @param key in a recipe
     * @param symbol that papers have for it; empty where they have none
     * @param value as a recipe would write it
     */
    public record Setting(String key, String symbol, String value) {}

    public PresetSheet {
        settings = List.copyOf(settings);
    }

    /**
     * The settings of a preset.
     *
     * @throws dev.flowguard.tensor.InputException if there is none of that name; the message names the nearest
     */
    public static PresetSheet of(String name) {
        Preset preset = Presets.named(name);
        ObjectNode defaults = RecipeDefaults.of(
                name, ModelFamily.STABLE_DIFFUSION_3, YAMLMapper.builder().build());
        List<Setting> settings = new ArrayList<>();
        for (Map.Entry<String, String> key : KEYS) {
            JsonNode value = defaults.at("/" + key.getKey().replace('.', '/'));
            if (!value.isMissingNode()) {
                settings.add(new Setting(key.getKey(), key.getValue(), written(key.getKey(), value, preset)));
            }
        }
        return new PresetSheet(preset, settings);
    }

    private static String written(String key, JsonNode value, Preset preset) {
        if (key.equals("objective.clip_range")) {
            // What "auto" stands for.
            return preset.objective().region() instanceof ClipRange range
                    ? String.valueOf(new ClipSetting(range.lower(), range.upper()).toYaml())
                    : "none";
        }
        return value.isString()
                ? value.asString()
                : value.toString().replace("\"", "").replace(":", ": ").replace(",", ", ");
    }
}
