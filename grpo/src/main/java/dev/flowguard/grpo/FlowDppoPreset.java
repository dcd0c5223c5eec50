package dev.flowguard.grpo;

import dev.flowguard.grpo.GroupAdvantage.Spread;
import dev.flowguard.tensor.AdamWConfig;

/**
 * Flow-DPPO on Stable Diffusion 3.5 Medium at 512 x 512 without guidance. Values: Flow-DPPO, arXiv:2606.11025, and UniRL's
 * {@code examples/diffusion/sd3/sd3_flowdppo.yaml}: three random steps of the first half, a trust region on the divergence
 * instead of the ratio, no weight decay, no average. There the first step's diffusion comes from clamping t at .99.
 */
final class FlowDppoPreset {

    private FlowDppoPreset() {}

    static Preset settings() {
        return new PresetBuilder(
                        "flow-dppo", "Flow-DPPO, arXiv:2606.11025; UniRL examples/diffusion/sd3/sd3_flowdppo.yaml")
                .description("a trust region on the KL of each step instead of a clip on the ratio")
                .trainingSteps(10)
                .evaluationSteps(40)
                .guidanceScale(1)
                .kernel(new FlowSde(.7))
                .plan(new RandomSubset(3, .5))
                .groupSize(16)
                .groupsPerIteration(48)
                .optimizerStepsPerIteration(2)
                .advantages(new GroupAdvantage(Spread.ITERATION, 5))
                .objective(new Objective(ImportanceRatio.DENSITY, new DivergenceMask(1e-5, 0)))
                .klToReference(KlToReference.none())
                .optimizer(new AdamWConfig(3e-4, .9, .999, 1e-8, 0))
                .maxGradientNorm(1)
                .ema(new EmaSchedule(.9, 8))
                .loraRank(32)
                .loraAlpha(64)
                .build();
    }
}
