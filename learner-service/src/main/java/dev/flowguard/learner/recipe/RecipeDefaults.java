package dev.flowguard.learner.recipe;

import dev.flowguard.grpo.Chains;
import dev.flowguard.grpo.GroupAdvantage;
import dev.flowguard.grpo.KlToReference;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.models.ModelFamily;
import dev.flowguard.tensor.InputException;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** What a recipe need not say: the preset's table of settings, and a few habits of the house. */
final class RecipeDefaults {
    static final String PRESET = "grpo-guard";

    private RecipeDefaults() {}

    /**
     * The keys that a preset and the house fill.
     *
     * @param family of the base model, which decides what is adapted and how it is guided
     * @throws dev.flowguard.tensor.InputException if there is no such preset
     */
    static ObjectNode of(String presetName, ModelFamily family, YAMLMapper yaml) {
        Preset preset = Presets.named(presetName);
        if (!(preset.exploration().equals(new Chains(Chains.InitialNoise.OWN))
                && preset.advantages() instanceof GroupAdvantage)) {
            throw new InputException("preset '" + presetName + "' cannot be trained by recipe yet");
        }
        ObjectNode defaults = yaml.createObjectNode();
        defaults.put("seed", 42).put("iterations", 100).put("preset", presetName);
        defaults.putObject("model")
                .put("device", "cpu")
                .put("gradient_checkpointing", false)
                .put("transformer_dtype", "float32")
                .put("text_encoder_dtype", "float32")
                .put("vae_dtype", "float32")
                .put("text_encoders", Recipe.Model.KEEP);
        defaults.putObject("sampling")
                .put("num_inference_steps", preset.trainingSteps())
                .put("kernel", preset.kernel().name())
                .put("noise_level", preset.kernel().noiseLevel())
                .put("guidance_scale", family.guidanceScale(preset.guidanceScale()))
                .put("true_cfg_scale", 1)
                .put("negative_prompt", "")
                .set("stochastic_steps", yaml.valueToTree(StochasticSteps.of(preset.plan())));
        defaults.putObject("evaluation")
                .put("num_inference_steps", preset.evaluationSteps())
                .put("every", 10)
                .put("seed", 0)
                .put("batch_size", 16)
                .put("kept_images", 16)
                .put("images_per_prompt", 1);
        defaults.putObject("groups")
                .put("size", preset.groupSize())
                .put("per_iteration", preset.groupsPerIteration())
                .put("max_staleness", 0);
        ObjectNode adapter =
                defaults.putObject("adapter").put("rank", preset.loraRank()).put("lora_alpha", preset.loraAlpha());
        ArrayNode targets = adapter.putArray("target_modules");
        family.loraTargets().forEach(targets::add);
        adapter.put("init_lora_weights", "gaussian");
        ObjectNode optimizer = defaults.putObject("optimizer")
                .put("learning_rate", preset.optimizer().learningRate())
                .put("epsilon", preset.optimizer().epsilon())
                .put("weight_decay", preset.optimizer().weightDecay())
                .put("max_grad_norm", preset.maxGradientNorm())
                .put("steps_per_iteration", preset.optimizerStepsPerIteration())
                .put("warmup_steps", 0);
        optimizer
                .putArray("betas")
                .add(preset.optimizer().beta1())
                .add(preset.optimizer().beta2());
        ObjectNode objective = defaults.putObject("objective")
                .put("clip_range", "auto")
                .put("kl_beta", preset.klToReference().weight())
                .put("kl_form", preset.klToReference().form() == KlToReference.Form.TRUE ? "true-kl" : "dt-scaled");
        if (preset.advantages() instanceof GroupAdvantage advantage) {
            objective
                    .put("advantage_spread", advantage.spread().name().toLowerCase(Locale.ROOT))
                    .put("advantage_limit", advantage.limit());
        }
        defaults.putObject("sentinel")
                .put("action", Recipe.Sentinel.ALERT)
                .put("patience", 3)
                .put("margin", 2.5)
                .put("kl_factor", 2.0)
                .put("max_rollbacks", 3);
        defaults.putObject("ema")
                .put("decay", preset.ema().decay())
                .put("interval", preset.ema().interval());
        return defaults;
    }

    static ObjectNode reward(YAMLMapper yaml) {
        return yaml.createObjectNode()
                .put("weight", 1.0)
                .put("role", Recipe.Reward.PROXY)
                .put("deadline_seconds", 60);
    }
}
