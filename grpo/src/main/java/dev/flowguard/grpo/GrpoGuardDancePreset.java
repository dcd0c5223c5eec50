package dev.flowguard.grpo;

import dev.flowguard.tensor.AdamWConfig;

/**
 * GRPO-Guard over DanceGRPO. Values: GRPO-Guard, arXiv:2510.22319 (learning rate 2e-4 for FLUX; the step weight {@code
 * beta/dt} as printed for DanceGRPO), everything else {@code dance-grpo}. {@code beta/dt} leaves gradients proportional to beta
 * squared, 1 to 1.5 at eta = .3; {@link StepWeight#INVERSE_BETA_DT} evens them out exactly.
 */
final class GrpoGuardDancePreset {

    private GrpoGuardDancePreset() {}

    static Preset settings() {
        return DanceGrpoPreset.settings()
                .as("grpo-guard-dance", "GRPO-Guard, arXiv:2510.22319, over DanceGRPO, arXiv:2505.07818")
                .description("GRPO-Guard over DanceGRPO's constant-noise SDE")
                .objective(Objective.grpoGuard(ClipRange.symmetric(2e-6)))
                .stepWeight(StepWeight.BETA_OVER_DT)
                .optimizer(new AdamWConfig(2e-4, .9, .999, 1e-8, 1e-4))
                .build();
    }
}
