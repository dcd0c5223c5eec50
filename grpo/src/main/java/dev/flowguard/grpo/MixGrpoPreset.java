package dev.flowguard.grpo;

import dev.flowguard.grpo.Chains.InitialNoise;
import dev.flowguard.tensor.AdamWConfig;

/**
 * MixGRPO on FLUX.1-dev at 720 x 720. Values: MixGRPO, arXiv:2507.21802, and its {@code
 * scripts/finetune/finetune_flux_grpo_MixGRPO.sh}: Flow-SDE in a window of four steps that moves by one every 25 iterations,
 * ODE elsewhere, several rewards combined as advantages. The paper trains all weights; rank and alpha are Flow-GRPO's for
 * FLUX.
 */
final class MixGrpoPreset {

    private MixGrpoPreset() {}

    static Preset settings() {
        return new PresetBuilder(
                        "mix-grpo", "MixGRPO, arXiv:2507.21802; MixGRPO scripts/finetune/finetune_flux_grpo_MixGRPO.sh")
                .description("a window of four stochastic steps that moves on every 25 iterations")
                .trainingSteps(25)
                .evaluationSteps(28)
                .guidanceScale(3.5)
                .kernel(new FlowSde(.7))
                .plan(new MovingWindow(4, 1, new Dwell.Constant(25), true))
                .exploration(new Chains(InitialNoise.SHARED))
                .groupSize(12)
                .groupsPerIteration(32)
                .optimizerStepsPerIteration(4)
                .advantages(new CombinedAdvantage(5))
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
