package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/**
 * Coefficients-preserving sampling: the predicted noise gives way to fresh noise of the share that keeps the coefficient of
 * all noise at the next sigma t',
 *
 * <pre>{@code
 * mean = (1 - t') x0 + t' cos(a pi / 2) x1,          x0 = x - t v,      x1 = x + (1 - t) v
 * x'   = mean + s noise,                             s = t' sin(a pi / 2)
 * }</pre>
 *
 * <p>The last step (t' = 0) adds no noise by itself. It is no SDE: s does not shrink with dt, and marginals are not those of
 * the ODE. Its published log-probability is {@code mean(-(x' - mean)^2)}, without {@code 1/(2 s^2)}: the ratio it gives is
 * that of the densities to the power {@code 2 s^2}, so clip ranges of Flow-GRPO over CPS and over an SDE are not comparable.
 * RatioNorm does not notice, since {@code mean(noise delta)} asks for no log-probability. Sources: arXiv:2509.05952;
 * flow_grpo's {@code sde_type="cps"}.
 *
 * @param noiseLevel a, in [0, 1]; .8 is usual. At 0 the step is the ODE's.
 */
public record Cps(double noiseLevel) implements TransitionKernel {
    static final String NAME = "cps";

    public Cps {
        if (!(noiseLevel >= 0 && noiseLevel <= 1)) {
            throw new InputException("noise level " + noiseLevel + "; CPS takes 0 to 1, .8 is usual");
        }
    }

    @Override
    public Transition at(SigmaSchedule schedule, int step) {
        double t = schedule.sigma(step);
        double next = schedule.sigma(step + 1);
        double dt = t - next;
        double s = next * Math.sin(noiseLevel * Math.PI / 2);
        double kept = next * Math.cos(noiseLevel * Math.PI / 2);
        double cv = (1 - t) * kept - t * (1 - next);
        return new Transition(step, t, next, dt, s / Math.sqrt(dt), s, -cv / dt, 1 - next + kept, cv, 2 * s * s);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Cps withNoiseLevel(double noiseLevel) {
        return new Cps(noiseLevel);
    }
}
