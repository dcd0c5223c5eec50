package dev.flowguard.grpo;

import dev.flowguard.grpo.GroupAdvantage.Spread;
import dev.flowguard.tensor.AdamWConfig;

/**
 * GRPO-Guard over Flow-GRPO on Stable Diffusion 3.5 Medium at 512 x 512. Values: GRPO-Guard, arXiv:2510.22319, and
 * flow_grpo's {@code config/grpo_guard.py}. Against {@code flow-grpo} it changes the ratio, the clip range (2e-6 for OCR and
 * GenEval; 4e-6 for PickScore), the learning rate, the spread that advantages are divided by, and drops the KL.
 */
final class GrpoGuardPreset {

    private GrpoGuardPreset() {}

    static Preset settings() {
        return new PresetBuilder("grpo-guard", "GRPO-Guard, arXiv:2510.22319; flow_grpo config/grpo_guard.py")
                .description("RatioNorm and even gradients: a clip that holds on both sides at every step")
                .trainingSteps(10)
                .evaluationSteps(40)
                .guidanceScale(4.5)
                .kernel(new FlowSde(.7))
                .plan(new AllButLast())
                .groupSize(24)
                .groupsPerIteration(48)
                .optimizerStepsPerIteration(2)
                .advantages(new GroupAdvantage(Spread.GROUP, 5))
                .objective(Objective.grpoGuard(ClipRange.symmetric(2e-6)))
                .stepWeight(StepWeight.INVERSE_DT)
                .klToReference(KlToReference.none())
                .optimizer(new AdamWConfig(1e-4, .9, .999, 1e-8, 1e-4))
                .maxGradientNorm(1)
                .ema(new EmaSchedule(.9, 8))
                .loraRank(32)
                .loraAlpha(64)
                .build();
    }
}
