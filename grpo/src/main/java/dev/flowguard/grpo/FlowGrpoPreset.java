package dev.flowguard.grpo;

import dev.flowguard.grpo.GroupAdvantage.Spread;
import dev.flowguard.grpo.KlToReference.Form;
import dev.flowguard.tensor.AdamWConfig;

/**
 * Flow-GRPO on Stable Diffusion 3.5 Medium at 512 x 512. Values: Flow-GRPO, arXiv:2505.05470, section 5 and appendix B
 * (T, group, noise level, LoRA), and flow_grpo's {@code config/base.py} and {@code config/grpo.py} (all that the paper does
 * not print: learning rate, clip range, EMA, two updates an iteration). The KL weight is the one that belongs to the true
 * KL (GenEval and OCR); newer configs print ten times as much for the KL times dt.
 */
final class FlowGrpoPreset {

    private FlowGrpoPreset() {}

    static Preset settings() {
        return new PresetBuilder("flow-grpo", "Flow-GRPO, arXiv:2505.05470; flow_grpo config/grpo.py")
                .description("PPO on every denoising step, as first published; the baseline")
                .trainingSteps(10)
                .evaluationSteps(40)
                .guidanceScale(4.5)
                .kernel(new FlowSde(.7))
                .plan(new AllButLast())
                .groupSize(24)
                .groupsPerIteration(48)
                .optimizerStepsPerIteration(2)
                .advantages(new GroupAdvantage(Spread.ITERATION, 5))
                .objective(Objective.flowGrpo(ClipRange.symmetric(1e-4)))
                .klToReference(new KlToReference(.004, Form.TRUE))
                .optimizer(new AdamWConfig(3e-4, .9, .999, 1e-8, 1e-4))
                .maxGradientNorm(1)
                .ema(new EmaSchedule(.9, 8))
                .loraRank(32)
                .loraAlpha(64)
                .build();
    }
}
