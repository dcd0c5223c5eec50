package dev.flowguard.grpo;

import dev.flowguard.tensor.AdamWConfig;
import dev.flowguard.tensor.InputException;
import org.jspecify.annotations.Nullable;

/**
 * Collects the settings of a {@link Preset}, from nothing or from another preset; what each means is said there. Not
 * thread-safe.
 */
public final class PresetBuilder {
    private final String name;
    private final String source;
    private String description = "";

    private int trainingSteps;
    private int evaluationSteps;
    private double guidanceScale;
    private @Nullable TransitionKernel kernel;
    private @Nullable StochasticPlan plan;
    private Exploration exploration = new Chains(Chains.InitialNoise.OWN);
    private int groupSize;
    private int groupsPerIteration;
    private int optimizerStepsPerIteration;
    private @Nullable AdvantageEstimator advantages;
    private @Nullable Objective objective;
    private StepWeight stepWeight = StepWeight.ONE;
    private @Nullable KlToReference klToReference;
    private Annealing klAnnealing = Annealing.none();
    private @Nullable AdamWConfig optimizer;
    private Annealing learningRateAnnealing = Annealing.none();
    private double maxGradientNorm;
    private @Nullable EmaSchedule ema;
    private int loraRank;
    private double loraAlpha;

    PresetBuilder(String name, String source) {
        this.name = name;
        this.source = source;
    }

    PresetBuilder(Preset preset) {
        this(preset, preset.name(), preset.source());
    }

    PresetBuilder(Preset preset, String name, String source) {
        this(name, source);
        description = preset.description();
        trainingSteps = preset.trainingSteps();
        evaluationSteps = preset.evaluationSteps();
        guidanceScale = preset.guidanceScale();
        kernel = preset.kernel();
        plan = preset.plan();
        exploration = preset.exploration();
        groupSize = preset.groupSize();
        groupsPerIteration = preset.groupsPerIteration();
        optimizerStepsPerIteration = preset.optimizerStepsPerIteration();
        advantages = preset.advantages();
        objective = preset.objective();
        stepWeight = preset.stepWeight();
        klToReference = preset.klToReference();
        klAnnealing = preset.klAnnealing();
        optimizer = preset.optimizer();
        learningRateAnnealing = preset.learningRateAnnealing();
        maxGradientNorm = preset.maxGradientNorm();
        ema = preset.ema();
        loraRank = preset.loraRank();
        loraAlpha = preset.loraAlpha();
    }

    public PresetBuilder description(String value) {
        description = value;
        return this;
    }

    public PresetBuilder trainingSteps(int value) {
        trainingSteps = value;
        return this;
    }

    public PresetBuilder evaluationSteps(int value) {
        evaluationSteps = value;
        return this;
    }

    public PresetBuilder guidanceScale(double value) {
        guidanceScale = value;
        return this;
    }

    public PresetBuilder kernel(TransitionKernel value) {
        kernel = value;
        return this;
    }

    public PresetBuilder plan(StochasticPlan value) {
        plan = value;
        return this;
    }

    public PresetBuilder exploration(Exploration value) {
        exploration = value;
        return this;
    }

    public PresetBuilder groupSize(int value) {
        groupSize = value;
        return this;
    }

    public PresetBuilder groupsPerIteration(int value) {
        groupsPerIteration = value;
        return this;
    }

    public PresetBuilder optimizerStepsPerIteration(int value) {
        optimizerStepsPerIteration = value;
        return this;
    }

    public PresetBuilder advantages(AdvantageEstimator value) {
        advantages = value;
        return this;
    }

    public PresetBuilder objective(Objective value) {
        objective = value;
        return this;
    }

    public PresetBuilder stepWeight(StepWeight value) {
        stepWeight = value;
        return this;
    }

    public PresetBuilder klToReference(KlToReference value) {
        klToReference = value;
        return this;
    }

    public PresetBuilder klAnnealing(Annealing value) {
        klAnnealing = value;
        return this;
    }

    public PresetBuilder optimizer(AdamWConfig value) {
        optimizer = value;
        return this;
    }

    public PresetBuilder learningRateAnnealing(Annealing value) {
        learningRateAnnealing = value;
        return this;
    }

    public PresetBuilder maxGradientNorm(double value) {
        maxGradientNorm = value;
        return this;
    }

    public PresetBuilder ema(EmaSchedule value) {
        ema = value;
        return this;
    }

    public PresetBuilder loraRank(int value) {
        loraRank = value;
        return this;
    }

    public PresetBuilder loraAlpha(double value) {
        loraAlpha = value;
        return this;
    }

    /** The preset; an {@link InputException} names a setting that is missing or outside its range, as recipes do. */
    public Preset build() {
        return new Preset(
                name,
                description,
                source,
                trainingSteps,
                evaluationSteps,
                guidanceScale,
                present(kernel, "kernel"),
                present(plan, "plan"),
                exploration,
                groupSize,
                groupsPerIteration,
                optimizerStepsPerIteration,
                present(advantages, "advantages"),
                present(objective, "objective"),
                stepWeight,
                present(klToReference, "kl_to_reference"),
                klAnnealing,
                present(optimizer, "optimizer"),
                learningRateAnnealing,
                maxGradientNorm,
                present(ema, "ema"),
                loraRank,
                loraAlpha);
    }

    private <T> T present(@Nullable T value, String setting) {
        if (value == null) {
            throw new InputException("preset " + name + ": " + setting + " is missing");
        }
        return value;
    }
}
