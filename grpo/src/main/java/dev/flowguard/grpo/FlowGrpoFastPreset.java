package dev.flowguard.grpo;

/**
 * Flow-GRPO-Fast on Stable Diffusion 3.5 Medium without guidance. Values: flow_grpo's {@code geneval_sd3_fast_nocfg} and
 * its README: three stochastic steps in the first half of the schedule, CPS, a tenth of Flow-GRPO's clip range, which belongs
 * to the log-probability of CPS, and no KL. There each process draws its own window; here the group shares one.
 */
final class FlowGrpoFastPreset {

    private FlowGrpoFastPreset() {}

    static Preset settings() {
        return FlowGrpoPreset.settings()
                .as("flow-grpo-fast", "Flow-GRPO, arXiv:2505.05470; flow_grpo config/grpo.py (geneval_sd3_fast_nocfg)")
                .description("Flow-GRPO on a window of three steps, without guidance: a third of the time")
                .guidanceScale(1)
                .kernel(new Cps(.8))
                .plan(new Window(0, 2, 3))
                .objective(Objective.flowGrpo(ClipRange.symmetric(1e-5)))
                .klToReference(KlToReference.none())
                .build();
    }
}
