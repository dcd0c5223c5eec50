package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/**
 * The stochastic step of Flow-GRPO: Euler-Maruyama on the reverse SDE that has the same marginals as the ODE,
 * with a diffusion coefficient that grows towards pure noise,
 *
 * <pre>{@code g = a sqrt(t / (1 - t)) }</pre>
 *
 * <p>At t = 1, where g has a pole, the t in its denominator (and only there) is replaced by the next sigma, so that
 * {@code s = a} and {@code beta = 1} exactly. Below it {@code beta = 1 + a^2/2} is constant. Sources: Flow-GRPO,
 * arXiv:2505.05470, equations 7 to 9 and appendix A; flow_grpo's {@code sde_step_with_logprob}. Other code bases clamp
 * t instead, so that their first step has another g: log-probabilities of the two must not be mixed.
 *
 * @param noiseLevel a, at least 0. The paper: .1 explores too little, .7 suits SD3.5, more than 1 ruins the images. At 0
 *     the step is deterministic.
 */
public record FlowSde(double noiseLevel) implements TransitionKernel {
    static final String NAME = "flow-sde";

    public FlowSde {
        if (!(noiseLevel >= 0 && Double.isFinite(noiseLevel))) {
            throw new InputException("noise level " + noiseLevel + "; it must be finite and >= 0, .7 for SD3.5");
        }
    }

    @Override
    public Transition at(SigmaSchedule schedule, int step) {
        double t = schedule.sigma(step);
        double next = schedule.sigma(step + 1);
        double g = noiseLevel * Math.sqrt(t / (1 - (t == 1 ? next : t)));
        return Transition.reverseSde(schedule, step, g);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public FlowSde withNoiseLevel(double noiseLevel) {
        return new FlowSde(noiseLevel);
    }
}
