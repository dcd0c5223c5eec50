package dev.flowguard.grpo;

import dev.flowguard.tensor.AdamWConfig;
import dev.flowguard.tensor.InputException;

/**
 * An algorithm as its paper's table of settings states it: a composition of the extension points of this package and the
 * numbers that go with them. Immutable; a recipe changes single settings through {@link #toBuilder()}.
 *
 * @param name by which recipes name it
 * @param description one line for people who choose
 * @param source the paper and the code that the values come from
 * @param trainingSteps T of training trajectories
 * @param evaluationSteps T of evaluation, always by the ODE
 * @param guidanceScale classifier-free guidance scale; 1 for none
 * @param kernel of the stochastic steps
 * @param plan which steps are stochastic, and which of these are trained
 * @param exploration how the members of a group spread over these steps
 * @param groupSize members of a group that compete, at least 2; {@link Branches} makes as many for each step
 * @param groupsPerIteration prompts an iteration
 * @param optimizerStepsPerIteration into how many updates an iteration's groups are divided; only the first is on-policy
 * @param advantages how rewards become advantages
 * @param objective what is minimised
 * @param stepWeight weight of a step, outside the trust region
 * @param klToReference penalty towards the reference, at its peak
 * @param klAnnealing course of its weight over the iterations
 * @param optimizer AdamW's settings, its learning rate the peak
 * @param learningRateAnnealing course of the learning rate over the optimizer steps
 * @param maxGradientNorm global norm at which gradients are clipped
 * @param ema of the adapter, for evaluation and export
 * @param loraRank rank of the adapter
 * @param loraAlpha alpha of the adapter; its scale is alpha / rank
 */
public record Preset(
        String name,
        String description,
        String source,
        int trainingSteps,
        int evaluationSteps,
        double guidanceScale,
        TransitionKernel kernel,
        StochasticPlan plan,
        Exploration exploration,
        int groupSize,
        int groupsPerIteration,
        int optimizerStepsPerIteration,
        AdvantageEstimator advantages,
        Objective objective,
        StepWeight stepWeight,
        KlToReference klToReference,
        Annealing klAnnealing,
        AdamWConfig optimizer,
        Annealing learningRateAnnealing,
        double maxGradientNorm,
        EmaSchedule ema,
        int loraRank,
        double loraAlpha) {

    /** Refuses a number outside its range with an {@link InputException} that names it as recipes do. */
    public Preset {
        requireAtLeast(1, trainingSteps, "training_steps");
        requireAtLeast(1, evaluationSteps, "evaluation_steps");
        requirePositive(guidanceScale, "guidance_scale");
        requireAtLeast(2, groupSize, "group_size");
        requireAtLeast(1, groupsPerIteration, "groups_per_iteration");
        requireAtLeast(1, optimizerStepsPerIteration, "optimizer_steps_per_iteration");
        requirePositive(maxGradientNorm, "max_gradient_norm");
        requireAtLeast(1, loraRank, "lora_rank");
        requirePositive(loraAlpha, "lora_alpha");
    }

    /** A builder that holds these settings. */
    public PresetBuilder toBuilder() {
        return new PresetBuilder(this);
    }

    /** The paths of a group's members. */
    public GroupLayout layout(GroupKey group) {
        return exploration.layout(plan, trainingSteps, group, groupSize);
    }

    /** A builder of another preset with these settings. */
    PresetBuilder as(String otherName, String otherSource) {
        return new PresetBuilder(this, otherName, otherSource);
    }

    private static void requireAtLeast(int least, int value, String setting) {
        if (value < least) {
            throw new InputException(setting + " is " + value + "; it must be at least " + least);
        }
    }

    private static void requirePositive(double value, String setting) {
        if (!(value > 0 && Double.isFinite(value))) {
            throw new InputException(setting + " is " + value + "; it must be positive and finite");
        }
    }
}
