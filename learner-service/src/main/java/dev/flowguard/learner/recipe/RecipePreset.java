package dev.flowguard.learner.recipe;

import dev.flowguard.grpo.ClipRange;
import dev.flowguard.grpo.EmaSchedule;
import dev.flowguard.grpo.GroupAdvantage;
import dev.flowguard.grpo.KlToReference;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.grpo.RewardWeights;
import dev.flowguard.grpo.TransitionKernel;
import dev.flowguard.tensor.AdamWConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/** The algorithm that a recipe asks for: its preset with the recipe's own settings. */
public final class RecipePreset {
    private RecipePreset() {}

    /** The preset, complete. */
    public static Preset of(Recipe recipe) {
        Preset preset = Presets.named(recipe.preset());
        Recipe.ObjectiveSettings objective = recipe.objective();
        Recipe.Optimizer optimizer = recipe.optimizer();
        Double c = objective.clipRange().c();
        return preset.toBuilder()
                .trainingSteps(recipe.sampling().numInferenceSteps())
                .evaluationSteps(recipe.evaluation().numInferenceSteps())
                .guidanceScale(recipe.sampling().guidanceScale())
                .kernel(TransitionKernel.named(
                        recipe.sampling().kernel(), recipe.sampling().noiseLevel()))
                .plan(recipe.sampling().stochasticSteps().plan())
                .groupSize(recipe.groups().size())
                .groupsPerIteration(recipe.groups().perIteration())
                .optimizerStepsPerIteration(optimizer.stepsPerIteration())
                .advantages(new GroupAdvantage(
                        objective.advantageSpread().equals("group")
                                ? GroupAdvantage.Spread.GROUP
                                : GroupAdvantage.Spread.ITERATION,
                        objective.advantageLimit()))
                .objective(c == null ? preset.objective() : preset.objective().withRegion(ClipRange.symmetric(c)))
                .klToReference(new KlToReference(
                        objective.klBeta(),
                        objective.klForm().equals("true-kl") ? KlToReference.Form.TRUE : KlToReference.Form.DT_SCALED))
                .optimizer(new AdamWConfig(
                        optimizer.learningRate(),
                        optimizer.betas().get(0),
                        optimizer.betas().get(1),
                        optimizer.epsilon(),
                        optimizer.weightDecay()))
                .maxGradientNorm(optimizer.maxGradNorm())
                .ema(new EmaSchedule(recipe.ema().decay(), recipe.ema().interval()))
                .loraRank(recipe.adapter().rank())
                .loraAlpha(recipe.adapter().loraAlpha())
                .build();
    }

    /** The weights of the rewards that are trained on. */
    public static RewardWeights weights(Recipe recipe) {
        Map<String, Double> weights = new LinkedHashMap<>();
        recipe.rewards().stream()
                .filter(Recipe.Reward::proxy)
                .forEach(reward -> weights.put(reward.name(), reward.weight()));
        return new RewardWeights(weights);
    }
}
