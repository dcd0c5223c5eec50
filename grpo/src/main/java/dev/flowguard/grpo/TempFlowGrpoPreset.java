package dev.flowguard.grpo;

import dev.flowguard.grpo.Branches.Compared;
import dev.flowguard.grpo.GroupAdvantage.Spread;

/**
 * TempFlow-GRPO on Stable Diffusion 3.5 Medium at 512 x 512. Values: TempFlow-GRPO, arXiv:2508.04324, and its {@code
 * config/dgx.py}: 4 seeds of 6 branches at every step but the last, branches of one seed and step compared, noise-aware weight,
 * the true KL at Flow-GRPO's weight. A group is 216 images: give fewer groups an iteration on small machines.
 */
final class TempFlowGrpoPreset {

    private TempFlowGrpoPreset() {}

    static Preset settings() {
        return FlowGrpoPreset.settings()
                .as("tempflow-grpo", "TempFlow-GRPO, arXiv:2508.04324; TempFlow-GRPO config/dgx.py")
                .description("branches off the ODE path at every step, so that a reward belongs to one step")
                .exploration(new Branches(6, Compared.SEED))
                .advantages(new GroupAdvantage(Spread.GROUP, 5))
                .stepWeight(StepWeight.RELATIVE_NOISE)
                .build();
    }
}
