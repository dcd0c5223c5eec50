package dev.flowguard.learner.recipe;

import dev.flowguard.grpo.Chains;
import dev.flowguard.grpo.ExperimentalReplay;
import dev.flowguard.grpo.GroupAdvantage;
import dev.flowguard.grpo.GroupKey;
import dev.flowguard.grpo.ImportanceRatio;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.grpo.StepWeight;
import dev.flowguard.grpo.TransitionKernel;
import dev.flowguard.models.ModelFamily;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.NearestName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** Refuses runs that cannot be, before anything is started for them. */
final class RecipeCheck {
    private static final int MOST_IMAGES_PER_PROMPT = 64;

    private final BiFunction<String, String, InputException> problem;

    /** @param problem makes the exception from a key's JSON pointer and what is wrong with it */
    RecipeCheck(BiFunction<String, String, InputException> problem) {
        this.problem = problem;
    }

    void check(Recipe recipe) {
        require(recipe.name().matches("[a-z0-9][a-z0-9-]*"), "/name", "must be of a-z, 0-9 and -");
        require(recipe.iterations() >= 1, "/iterations", "must be at least 1");
        model(recipe.model());
        sampling(recipe.sampling(), recipe.seed());
        exploration(recipe);
        guidance(recipe.sampling(), ModelFamily.of(Path.of(recipe.model().pipeline())));
        evaluation(recipe.evaluation());
        groups(recipe.groups(), recipe.optimizer());
        optimizer(recipe.optimizer());
        objective(recipe.objective(), recipe.preset());
        require(recipe.adapter().rank() >= 1, "/adapter/rank", "must be at least 1");
        require(positive(recipe.adapter().loraAlpha()), "/adapter/lora_alpha", "must be positive");
        require(recipe.ema().decay() >= 0 && recipe.ema().decay() < 1, "/ema/decay", "must be in [0, 1)");
        require(recipe.ema().interval() >= 1, "/ema/interval", "must be at least 1");
        rewards(recipe.rewards());
        rewardSwap(recipe.rewardSwap());
        sentinel(recipe);
        replay(recipe);
        guarded("/preset", () -> Presets.named(recipe.preset()));
    }

    private void model(Recipe.Model model) {
        require(model.height() >= 8 && model.height() <= 8192, "/model/height", "must be 8 to 8192 pixels");
        require(model.width() >= 8 && model.width() <= 8192, "/model/width", "must be 8 to 8192 pixels");
        guarded("/model/device", () -> Device.parse(model.device()));
        guarded("/model/transformer_dtype", () -> DType.parse(model.transformerDtype()));
        guarded("/model/text_encoder_dtype", () -> DType.parse(model.textEncoderDtype()));
        guarded("/model/vae_dtype", () -> DType.parse(model.vaeDtype()));
        require(
                List.of(Recipe.Model.KEEP, Recipe.Model.RELEASE).contains(model.textEncoders()),
                "/model/text_encoders",
                "must be keep, or release to close them when the prompts are encoded");
        require(
                !model.releasesTextEncoders() || model.promptCache() != null,
                "/model/text_encoders",
                "is release, but nothing would keep the embeddings; name a folder in model.prompt_cache");
        String variant = model.variant();
        require(
                variant == null || variant.matches("[A-Za-z0-9_-]+"),
                "/model/variant",
                "is the part of a file's name before .safetensors, such as fp16");
        Integer length = model.maxSequenceLength();
        require(
                length == null || (length >= 1 && length <= 512),
                "/model/max_sequence_length",
                "must be from 1 to 512");
    }

    private void sampling(Recipe.Sampling sampling, long seed) {
        int steps = sampling.numInferenceSteps();
        require(steps >= 2 && steps <= 1000, "/sampling/num_inference_steps", "must be 2 to 1000");
        require(
                sampling.noiseLevel() > 0 && Double.isFinite(sampling.noiseLevel()),
                "/sampling/noise_level",
                "must be positive: without noise the stochastic steps have no probability to train");
        guarded("/sampling/kernel", () -> TransitionKernel.named(sampling.kernel(), sampling.noiseLevel()));
        Double shift = sampling.shift();
        require(shift == null || positive(shift), "/sampling/shift", "must be positive; 3 for SD3.5");
        guarded(
                "/sampling/stochastic_steps",
                () -> sampling.stochasticSteps().plan().stochasticSteps(steps, new GroupKey(seed, 0, 0)));
    }

    /** Every group of the run must have a layout; a moving window's may depend on the iteration, but fits everywhere or nowhere. */
    private void exploration(Recipe recipe) {
        Recipe.Sampling sampling = recipe.sampling();
        guarded("/sampling/initial_noise", () -> Words.read(Chains.InitialNoise.class, sampling.initialNoise()));
        if (recipe.groups().size() >= 2) {
            guarded(
                    sampling.branches() == null ? "/sampling/stochastic_steps" : "/sampling/branches",
                    () -> RecipePreset.exploration(sampling)
                            .layout(
                                    sampling.stochasticSteps().plan(),
                                    sampling.numInferenceSteps(),
                                    new GroupKey(recipe.seed(), 0, 0),
                                    recipe.groups().size()));
        }
    }

    private void guidance(Recipe.Sampling sampling, ModelFamily family) {
        require(positive(sampling.guidanceScale()), "/sampling/guidance_scale", "must be positive; 1 for no guidance");
        require(positive(sampling.trueCfgScale()), "/sampling/true_cfg_scale", "must be positive; 1 for no guidance");
        guarded("/sampling", () -> family.requireUse(sampling.guidance()));
    }

    private void evaluation(Recipe.Evaluation evaluation) {
        require(
                evaluation.numInferenceSteps() >= 2 && evaluation.numInferenceSteps() <= 1000,
                "/evaluation/num_inference_steps",
                "must be 2 to 1000");
        require(evaluation.every() >= 1, "/evaluation/every", "must be at least 1");
        require(evaluation.batchSize() >= 1, "/evaluation/batch_size", "must be at least 1");
        require(evaluation.keptImages() >= 0, "/evaluation/kept_images", "must not be negative");
        require(
                evaluation.imagesPerPrompt() >= 1 && evaluation.imagesPerPrompt() <= MOST_IMAGES_PER_PROMPT,
                "/evaluation/images_per_prompt",
                "must be 1 to " + MOST_IMAGES_PER_PROMPT + "; 2 or more measure diversity");
    }

    private void groups(Recipe.Groups groups, Recipe.Optimizer optimizer) {
        require(groups.size() >= 2, "/groups/size", "must be at least 2: a member is judged against its group");
        require(groups.perIteration() >= 1, "/groups/per_iteration", "must be at least 1");
        Integer microBatch = groups.microBatchSize();
        require(
                microBatch == null || microBatch >= 1,
                "/groups/micro_batch_size",
                "must be at least 1; leave it out to take whole groups");
        require(groups.maxStaleness() >= 0, "/groups/max_staleness", "must not be negative; 0 is on-policy");
        require(
                optimizer.stepsPerIteration() >= 1 && optimizer.stepsPerIteration() <= groups.perIteration(),
                "/optimizer/steps_per_iteration",
                "must be 1 to groups.per_iteration (" + groups.perIteration()
                        + "): an optimizer step trains on whole groups");
    }

    private void optimizer(Recipe.Optimizer optimizer) {
        require(positive(optimizer.learningRate()), "/optimizer/learning_rate", "must be positive");
        List<Double> betas = optimizer.betas();
        require(
                betas.size() == 2 && betas.stream().allMatch(beta -> beta >= 0 && beta < 1),
                "/optimizer/betas",
                "must be two numbers in [0, 1), such as [0.9, 0.999]");
        require(positive(optimizer.epsilon()), "/optimizer/epsilon", "must be positive");
        require(
                optimizer.weightDecay() >= 0 && Double.isFinite(optimizer.weightDecay()),
                "/optimizer/weight_decay",
                "must not be negative");
        require(positive(optimizer.maxGradNorm()), "/optimizer/max_grad_norm", "must be positive");
        require(optimizer.warmupSteps() >= 0, "/optimizer/warmup_steps", "must not be negative");
        guarded("/optimizer/schedule", () -> optimizer.schedule().annealing(0));
        require(
                optimizer.innerEpochs() >= 1 && optimizer.innerEpochs() <= 100,
                "/optimizer/inner_epochs",
                "must be 1 to 100; 1 in all published settings");
    }

    private void objective(Recipe.ObjectiveSettings objective, String preset) {
        guarded("/objective/ratio", () -> Words.read(ImportanceRatio.class, objective.ratio()));
        guarded("/objective/step_weight", () -> Words.read(StepWeight.class, objective.stepWeight()));
        boolean ofRatio = objective.clipSpace().equals(RecipePreset.RATIO_SPACE);
        require(
                ofRatio || objective.clipSpace().equals(RecipePreset.LOG_SPACE),
                "/objective/clip_space",
                "must be log or ratio");
        guarded("/objective/clip_range", () -> objective.clipRange().range(ofRatio));
        boolean divergence = objective.divergenceThreshold() != null;
        require(
                !divergence || objective.clipRange().lower() == null,
                "/objective/clip_range",
                "cannot be together with divergence_threshold: a step has one trust region; leave one of them out");
        require(
                divergence || objective.divergencePenalty() == null,
                "/objective/divergence_penalty",
                "needs a divergence_threshold; 1e-5 in Flow-DPPO");
        guarded("/objective", () -> RecipePreset.region(objective, Presets.named(preset)));
        guarded("/objective/kl_schedule", () -> objective.klSchedule().annealing(0));
        require(objective.klWarmupIterations() >= 0, "/objective/kl_warmup_iterations", "must not be negative");
        require(
                objective.klBeta() >= 0 && Double.isFinite(objective.klBeta()),
                "/objective/kl_beta",
                "must not be negative; 0 for no penalty");
        require(
                List.of("true-kl", "dt-scaled").contains(objective.klForm()),
                "/objective/kl_form",
                "must be true-kl or dt-scaled");
        require(positive(objective.advantageLimit()), "/objective/advantage_limit", "must be positive; 5 in flow_grpo");
        guarded(
                "/objective/advantage_spread",
                () -> Words.read(GroupAdvantage.Spread.class, objective.advantageSpread()));
        guarded("/objective/advantage", () -> RecipePreset.advantages(objective));
    }

    private void rewards(List<Recipe.Reward> rewards) {
        Set<String> names = new HashSet<>();
        boolean trained = false;
        boolean required = false;
        for (int i = 0; i < rewards.size(); i++) {
            Recipe.Reward reward = rewards.get(i);
            String at = "/rewards/" + i;
            require(reward.name().matches("[a-z0-9][a-z0-9_-]*"), at + "/name", "must be of a-z, 0-9, - and _");
            require(names.add(reward.name()), at + "/name", "is '" + reward.name() + "' twice; rename one");
            require(
                    List.of(Recipe.Reward.PROXY, Recipe.Reward.GOLD).contains(reward.role()),
                    at + "/role",
                    "must be proxy (trained on) or gold (only looked at)");
            require(
                    Double.isFinite(reward.weight()) && (!reward.proxy() || reward.weight() != 0),
                    at + "/weight",
                    "must be finite and not 0; use role: gold for a score that is only looked at");
            require(positive(reward.deadlineSeconds()), at + "/deadline_seconds", "must be positive");
            String references = reward.references();
            require(
                    references == null || reward.target() != null || Files.isRegularFile(Path.of(references)),
                    at + "/references",
                    "is " + references + ", which is no file; name the index.jsonl of the reference images");
            settings(reward, at + "/settings");
            String version = reward.version();
            require(version == null || !version.isBlank(), at + "/version", "is blank; delete the key to take any");
            String weights = reward.weightsSha256();
            require(
                    weights == null || weights.matches("[0-9a-f]{64}"),
                    at + "/weights_sha256",
                    "must be 64 hex digits in lower case");
            trained |= reward.proxy();
            required |= reward.proxy() && !reward.optional();
        }
        require(
                trained,
                "/rewards",
                "has no reward of role proxy, so there is nothing to learn; make one of them proxy");
        require(
                required,
                "/rewards",
                "has no reward of role proxy that must be there; make one of them optional: false");
    }

    private void rewardSwap(Recipe.RewardSwapSettings swap) {
        require(
                swap.shadowGroups() >= 1 && swap.shadowGroups() <= 10_000,
                "/reward_swap/shadow_groups",
                "must be 1 to 10000");
        require(
                swap.minRankCorrelation() >= -1 && swap.minRankCorrelation() <= 1,
                "/reward_swap/min_rank_correlation",
                "must be -1 (anything goes) to 1");
        require(
                swap.maxMeanShift() >= 0 && Double.isFinite(swap.maxMeanShift()),
                "/reward_swap/max_mean_shift",
                "must not be negative");
        require(swap.maxFailedGroups() >= 0, "/reward_swap/max_failed_groups", "must not be negative");
    }

    private void settings(Recipe.Reward reward, String at) {
        String target = reward.target();
        require(
                reward.settings().isEmpty() || target == null || target.startsWith(Recipe.Reward.IN_PROCESS),
                at,
                "cannot be together with target: the service at " + target + " has settings of its own; leave one out");
        reward.settings()
                .keySet()
                .forEach(key -> require(
                        key.matches("[a-z0-9][a-z0-9_.-]*"),
                        at + "/" + key,
                        "is no setting's name; those of a scorer are in reward-service/README.md"));
    }

    private void sentinel(Recipe recipe) {
        Recipe.Sentinel sentinel = recipe.sentinel();
        String action = sentinel.action();
        require(
                Recipe.Sentinel.ACTIONS.contains(action),
                "/sentinel/action",
                "cannot be '" + action + "'; did you mean '"
                        + NearestName.of(action, Recipe.Sentinel.ACTIONS).orElseThrow() + "'?");
        require(sentinel.patience() >= 1, "/sentinel/patience", "must be at least 1 evaluation");
        require(
                sentinel.margin() >= 0 && Double.isFinite(sentinel.margin()),
                "/sentinel/margin",
                "must not be negative; 2.5 standard errors keep noise from alarming");
        require(
                sentinel.klFactor() > 1 && Double.isFinite(sentinel.klFactor()),
                "/sentinel/kl_factor",
                "must be above 1, to raise the KL weight");
        require(
                sentinel.maxRollbacks() >= 1,
                "/sentinel/max_rollbacks",
                "must be at least 1; to end the run, write action: stop");
        boolean acts = !sentinel.off() && !action.equals(Recipe.Sentinel.ALERT);
        require(
                !acts || recipe.rewards().stream().anyMatch(reward -> !reward.proxy()),
                "/sentinel/action",
                "is " + action + ", but there is no reward of role gold to watch; add one");
        require(
                !action.equals(Recipe.Sentinel.RAISE_KL) || recipe.objective().klBeta() > 0,
                "/sentinel/action",
                "is raise-kl, but objective.kl_beta is 0, and so is any multiple of it; give it a small value");
        require(
                !action.equals(Recipe.Sentinel.ROLLBACK) || recipe.groups().maxStaleness() == 0,
                "/sentinel/action",
                "is rollback, which needs groups.max_staleness 0: stale groups would come from the policy that was left");
    }

    private void replay(Recipe recipe) {
        Recipe.ReplaySettings settings = recipe.experimentalReplay();
        if (settings == null) {
            return;
        }
        guarded("/experimental_replay", settings::toReplay);
        ExperimentalReplay replay = settings.toReplay();
        require(
                settings.groups() <= recipe.groups().perIteration(),
                "/experimental_replay/groups",
                "must be at most groups.per_iteration (" + recipe.groups().perIteration() + ")");
        require(
                !recipe.sentinel().action().equals(Recipe.Sentinel.ROLLBACK),
                "/experimental_replay",
                "cannot be together with sentinel.action rollback: it would replay what the policy that is left drew");
        Preset preset = RecipePreset.of(recipe);
        require(
                IntStream.range(0, recipe.groups().perIteration())
                        .mapToObj(index -> preset.layout(new GroupKey(recipe.seed(), 0, index)))
                        .anyMatch(layout ->
                                replay.kept(layout, preset.trainingSteps()).tuples() > 0),
                "/experimental_replay/late_share",
                "leaves no step of the plan to train again; lower it");
    }

    private static boolean positive(double value) {
        return value > 0 && Double.isFinite(value);
    }

    private void require(boolean holds, String pointer, String otherwise) {
        if (!holds) {
            throw problem.apply(pointer, otherwise);
        }
    }

    /** Adds file and key to what a library found wrong. */
    private void guarded(String pointer, Runnable check) {
        try {
            check.run();
        } catch (InputException e) {
            InputException located = problem.apply(pointer, "cannot be: " + e.getMessage());
            located.addSuppressed(e);
            throw located;
        }
    }
}
