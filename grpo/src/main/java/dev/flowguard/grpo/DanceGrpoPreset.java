package dev.flowguard.grpo;

import dev.flowguard.grpo.Chains.InitialNoise;
import dev.flowguard.grpo.GroupAdvantage.Spread;
import dev.flowguard.tensor.AdamWConfig;

/**
 * DanceGRPO on FLUX.1-dev at 720 x 720. Values: DanceGRPO, arXiv:2505.07818, and its {@code
 * scripts/finetune/finetune_flux_grpo.sh}: constant diffusion, the same initial noise for a whole group, 60 % of the steps
 * trained, no KL. The paper trains all weights, without LoRA; rank and alpha are Flow-GRPO's for FLUX.
 */
final class DanceGrpoPreset {

    private DanceGrpoPreset() {}

    static Preset settings() {
        return new PresetBuilder(
                        "dance-grpo", "DanceGRPO, arXiv:2505.07818; DanceGRPO scripts/finetune/finetune_flux_grpo.sh")
                .description("constant-noise SDE, shared initial noise, a random 60 % of the steps")
                .trainingSteps(16)
                .evaluationSteps(28)
                .guidanceScale(3.5)
                .kernel(new DanceSde(.3))
                .plan(new TimestepFraction(.6))
                .exploration(new Chains(InitialNoise.SHARED))
                .groupSize(12)
                .groupsPerIteration(16)
                .optimizerStepsPerIteration(4)
                .advantages(new GroupAdvantage(Spread.GROUP, 5))
                .objective(Objective.flowGrpo(ClipRange.symmetric(1e-4)))
                .klToReference(KlToReference.none())
                .optimizer(new AdamWConfig(1e-5, .9, .999, 1e-8, 1e-4))
                .maxGradientNorm(1)
                .ema(new EmaSchedule(.995, 1))
                .loraRank(64)
                .loraAlpha(128)
                .build();
    }
}
