package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/**
 * The deterministic Euler step of the probability-flow ODE, {@code x' = x - dt v}: bit for bit the step of diffusers'
 * {@code FlowMatchEulerDiscreteScheduler}, which holds its sigmas in fp32 and subtracts them there.
 */
public record OdeKernel() implements TransitionKernel {
    static final String NAME = "ode";

    @Override
    public Transition at(SigmaSchedule schedule, int step) {
        double sigma = schedule.sigma(step);
        double sigmaNext = schedule.sigma(step + 1);
        double cv = (float) sigmaNext - (float) sigma;
        return new Transition(step, sigma, sigmaNext, sigma - sigmaNext, 0, 0, 1, 1, cv, 1);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public double noiseLevel() {
        return 0;
    }

    @Override
    public OdeKernel withNoiseLevel(double noiseLevel) {
        if (noiseLevel != 0) {
            throw new InputException("noise level " + noiseLevel + " with the kernel '" + NAME
                    + "', which adds no noise; leave it out or use the kernel '" + FlowSde.NAME + "'");
        }
        return this;
    }
}
