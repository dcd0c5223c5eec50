package dev.flowguard.learner.recipe;

import dev.flowguard.grpo.AdvantageEstimator;
import dev.flowguard.grpo.Branches;
import dev.flowguard.grpo.Chains;
import dev.flowguard.grpo.CombinedAdvantage;
import dev.flowguard.grpo.DivergenceMask;
import dev.flowguard.grpo.Exploration;
import dev.flowguard.grpo.GdpoAdvantage;
import dev.flowguard.grpo.GroupAdvantage;
import dev.flowguard.grpo.KlToReference;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.models.ModelFamily;
import dev.flowguard.tensor.InputException;
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
        ObjectNode defaults = yaml.createObjectNode();
        defaults.put("seed", 42).put("iterations", 100).put("preset", presetName);
        defaults.putObject("model")
                .put("device", "cpu")
                .put("gradient_checkpointing", false)
                .put("transformer_dtype", "float32")
                .put("text_encoder_dtype", "float32")
                .put("vae_dtype", "float32")
                .put("text_encoders", Recipe.Model.KEEP);
        ObjectNode sampling = defaults.putObject("sampling")
                .put("num_inference_steps", preset.trainingSteps())
                .put("kernel", preset.kernel().name())
                .put("noise_level", preset.kernel().noiseLevel())
                .put("guidance_scale", family.guidanceScale(preset.guidanceScale()))
                .put("true_cfg_scale", 1)
                .put("negative_prompt", "");
        sampling.set("stochastic_steps", yaml.valueToTree(StochasticSteps.of(preset.plan())));
        explore(sampling, preset.exploration());
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
                .put("warmup_steps", preset.learningRateAnnealing().warmup())
                .put("inner_epochs", 1);
        optimizer.set("schedule", yaml.valueToTree(ScheduleSetting.of(preset.learningRateAnnealing())));
        optimizer
                .putArray("betas")
                .add(preset.optimizer().beta1())
                .add(preset.optimizer().beta2());
        minimise(defaults.putObject("objective"), preset, yaml);
        defaults.putObject("sentinel")
                .put("action", Recipe.Sentinel.ALERT)
                .put("patience", 3)
                .put("margin", 2.5)
                .put("kl_factor", 2.0)
                .put("max_rollbacks", 3);
        defaults.putObject("reward_swap")
                .put("shadow_groups", 16)
                .put("min_rank_correlation", 0.8)
                .put("max_mean_shift", 0.5)
                .put("max_failed_groups", 3);
        defaults.putObject("ema")
                .put("decay", preset.ema().decay())
                .put("interval", preset.ema().interval());
        return defaults;
    }

    private static void explore(ObjectNode sampling, Exploration exploration) {
        if (exploration instanceof Branches branches) {
            sampling.put("initial_noise", Words.write(Chains.InitialNoise.OWN));
            sampling.putObject("branches")
                    .put("per_step", branches.perStep())
                    .put("compared", Words.write(branches.compared()));
        } else if (exploration instanceof Chains chains) {
            sampling.put("initial_noise", Words.write(chains.initialNoise()));
        } else {
            throw new InputException("recipes have no words for " + exploration);
        }
    }

    private static void minimise(ObjectNode objective, Preset preset, YAMLMapper yaml) {
        objective
                .put("ratio", Words.write(preset.objective().ratio()))
                .put("step_weight", Words.write(preset.stepWeight()))
                .put("clip_range", "auto")
                .put("clip_space", RecipePreset.LOG_SPACE)
                .put("kl_beta", preset.klToReference().weight())
                .put("kl_form", preset.klToReference().form() == KlToReference.Form.TRUE ? "true-kl" : "dt-scaled")
                .put("kl_warmup_iterations", preset.klAnnealing().warmup());
        objective.set("kl_schedule", yaml.valueToTree(ScheduleSetting.of(preset.klAnnealing())));
        if (preset.objective().region() instanceof DivergenceMask mask) {
            objective.put("divergence_threshold", mask.threshold()).put("divergence_penalty", mask.penalty());
        }
        estimate(objective, preset.advantages());
    }

    private static void estimate(ObjectNode objective, AdvantageEstimator advantages) {
        objective.put("advantage_spread", Words.write(GroupAdvantage.Spread.GROUP));
        if (advantages instanceof GroupAdvantage group) {
            objective
                    .put("advantage", "group")
                    .put("advantage_spread", Words.write(group.spread()))
                    .put("advantage_limit", group.limit());
        } else if (advantages instanceof CombinedAdvantage combined) {
            objective.put("advantage", "combined").put("advantage_limit", combined.limit());
        } else if (advantages instanceof GdpoAdvantage gdpo) {
            objective.put("advantage", "gdpo").put("advantage_limit", gdpo.limit());
        } else {
            throw new InputException("recipes have no words for " + advantages);
        }
    }

    static ObjectNode replay(YAMLMapper yaml) {
        return yaml.createObjectNode()
                .put("groups", 2)
                .put("max_age", 4)
                .put("late_share", 0.3)
                .put("weight_limit", 0.1);
    }

    static ObjectNode reward(YAMLMapper yaml) {
        ObjectNode reward = yaml.createObjectNode()
                .put("weight", 1.0)
                .put("role", Recipe.Reward.PROXY)
                .put("deadline_seconds", 60);
        reward.put("optional", false).putObject("settings");
        return reward;
    }
}
