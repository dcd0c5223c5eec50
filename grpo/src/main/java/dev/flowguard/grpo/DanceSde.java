package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/**
 * The stochastic step of DanceGRPO: the reverse SDE of {@link FlowSde} with the same diffusion coefficient at every noise
 * level, {@code g = eta}. There is no pole at t = 1 and {@code beta = 1 + eta^2 (1 - t) / (2t)} grows towards t = 0.
 * Sources: DanceGRPO, arXiv:2505.07818; its {@code flux_step}.
 *
 * @param noiseLevel eta, at least 0; .3 in the paper's code. At 0 the step is deterministic.
 */
public record DanceSde(double noiseLevel) implements TransitionKernel {
    static final String NAME = "dance-sde";

    public DanceSde {
        if (!(noiseLevel >= 0 && Double.isFinite(noiseLevel))) {
            throw new InputException("noise level " + noiseLevel + "; it must be finite and >= 0, .3 for DanceGRPO");
        }
    }

    @Override
    public Transition at(SigmaSchedule schedule, int step) {
        return Transition.reverseSde(schedule, step, noiseLevel);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public DanceSde withNoiseLevel(double noiseLevel) {
        return new DanceSde(noiseLevel);
    }
}
