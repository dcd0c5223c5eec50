package dev.flowguard.learner.recipe;

import dev.flowguard.grpo.AdvantageEstimator;
import dev.flowguard.grpo.Branches;
import dev.flowguard.grpo.Chains;
import dev.flowguard.grpo.CombinedAdvantage;
import dev.flowguard.grpo.DivergenceMask;
import dev.flowguard.grpo.EmaSchedule;
import dev.flowguard.grpo.Exploration;
import dev.flowguard.grpo.GdpoAdvantage;
import dev.flowguard.grpo.GroupAdvantage;
import dev.flowguard.grpo.ImportanceRatio;
import dev.flowguard.grpo.KlToReference;
import dev.flowguard.grpo.Objective;
import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.grpo.RewardWeights;
import dev.flowguard.grpo.StepWeight;
import dev.flowguard.grpo.TransitionKernel;
import dev.flowguard.grpo.TrustRegion;
import dev.flowguard.tensor.AdamWConfig;
import dev.flowguard.tensor.InputException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The algorithm that a recipe asks for: its preset with the recipe's own settings. */
public final class RecipePreset {
    static final String RATIO_SPACE = "ratio";
    static final String LOG_SPACE = "log";

    private RecipePreset() {}

    /**
     * The preset, complete.
     *
     * @throws InputException if settings do not fit together
     */
    public static Preset of(Recipe recipe) {
        Preset preset = Presets.named(recipe.preset());
        Recipe.ObjectiveSettings objective = recipe.objective();
        Recipe.Optimizer optimizer = recipe.optimizer();
        return preset.toBuilder()
                .trainingSteps(recipe.sampling().numInferenceSteps())
                .evaluationSteps(recipe.evaluation().numInferenceSteps())
                .guidanceScale(recipe.sampling().guidanceScale())
                .kernel(TransitionKernel.named(
                        recipe.sampling().kernel(), recipe.sampling().noiseLevel()))
                .plan(recipe.sampling().stochasticSteps().plan())
                .exploration(exploration(recipe.sampling()))
                .groupSize(recipe.groups().size())
                .groupsPerIteration(recipe.groups().perIteration())
                .optimizerStepsPerIteration(optimizer.stepsPerIteration())
                .advantages(advantages(objective))
                .objective(objective(objective, preset))
                .stepWeight(Words.read(StepWeight.class, objective.stepWeight()))
                .klToReference(new KlToReference(
                        objective.klBeta(),
                        objective.klForm().equals("true-kl") ? KlToReference.Form.TRUE : KlToReference.Form.DT_SCALED))
                .klAnnealing(objective.klSchedule().annealing(objective.klWarmupIterations()))
                .optimizer(new AdamWConfig(
                        optimizer.learningRate(),
                        optimizer.betas().get(0),
                        optimizer.betas().get(1),
                        optimizer.epsilon(),
                        optimizer.weightDecay()))
                .learningRateAnnealing(optimizer.schedule().annealing(optimizer.warmupSteps()))
                .maxGradientNorm(optimizer.maxGradNorm())
                .ema(new EmaSchedule(recipe.ema().decay(), recipe.ema().interval()))
                .loraRank(recipe.adapter().rank())
                .loraAlpha(recipe.adapter().loraAlpha())
                .build();
    }

    /** How the members of a group spread over the stochastic steps. */
    static Exploration exploration(Recipe.Sampling sampling) {
        Recipe.BranchSettings branches = sampling.branches();
        return branches == null
                ? new Chains(Words.read(Chains.InitialNoise.class, sampling.initialNoise()))
                : new Branches(branches.perStep(), Words.read(Branches.Compared.class, branches.compared()));
    }

    static AdvantageEstimator advantages(Recipe.ObjectiveSettings objective) {
        double limit = objective.advantageLimit();
        return switch (objective.advantage()) {
            case "group" ->
                new GroupAdvantage(Words.read(GroupAdvantage.Spread.class, objective.advantageSpread()), limit);
            case "combined" -> new CombinedAdvantage(limit);
            case "gdpo" -> new GdpoAdvantage(limit);
            default ->
                throw new InputException("advantage '" + objective.advantage() + "' is none of group, combined, gdpo");
        };
    }

    private static Objective objective(Recipe.ObjectiveSettings settings, Preset preset) {
        return new Objective(Words.read(ImportanceRatio.class, settings.ratio()), region(settings, preset));
    }

    /** The trust region; where the recipe leaves it to a preset, the preset's. */
    static TrustRegion region(Recipe.ObjectiveSettings settings, Preset preset) {
        Double threshold = settings.divergenceThreshold();
        if (threshold != null) {
            Double penalty = settings.divergencePenalty();
            return new DivergenceMask(threshold, penalty == null ? 0 : penalty);
        }
        TrustRegion range = settings.clipRange().range(settings.clipSpace().equals(RATIO_SPACE));
        return range == null ? preset.objective().region() : range;
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
