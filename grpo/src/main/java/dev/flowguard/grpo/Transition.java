package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/**
 * The scalars of one step sigma -> sigmaNext, in fp64: {@code x' = mean + s noise} with {@code mean = cx x + cv v}.
 * Every kernel of the family is linear in the latent {@code x} and the velocity {@code v}, so these numbers are all that
 * a step is.
 *
 * <p>{@code g} and {@code s} are separate on purpose. Public code returns either under the one name {@code std_dev_t},
 * and three of its four known errors (KL scale, RatioNorm scale, CPS under GRPO-Guard) come from mistaking one for the
 * other.
 *
 * @param step index i of the step in its schedule
 * @param sigma noise level before the step, in (0, 1]
 * @param sigmaNext noise level after it, in [0, sigma)
 * @param dt {@code sigma - sigmaNext}, positive
 * @param g diffusion coefficient; 0 for a deterministic step
 * @param s standard deviation of the step, {@code g sqrt(dt)}; 0 for a deterministic step
 * @param beta sensitivity of the mean to the velocity: {@code d mean / d v = -beta dt}; 1 for a deterministic step
 * @param cx weight of the latent in the mean
 * @param cv weight of the velocity in the mean
 * @param densityPower the power of the density ratio that the kernel's own papers call the importance ratio: 1 where
 *     their log-probability is the Gaussian's, {@code 2 s^2} for {@link Cps}, whose leaves {@code 1/(2 s^2)} out
 */
public record Transition(
        int step,
        double sigma,
        double sigmaNext,
        double dt,
        double g,
        double s,
        double beta,
        double cx,
        double cv,
        double densityPower) {

    /**
     * Euler-Maruyama on the reverse SDE that has the ODE's marginals, whatever the diffusion coefficient:
     *
     * <pre>{@code
     * dx   = [v + g^2/(2t) (x + (1 - t) v)] dt + g dw
     * mean = x (1 - g^2 dt / (2t)) - v dt beta,          beta = 1 + g^2 (1 - t) / (2t),        s = g sqrt(dt)
     * }</pre>
     *
     * <p>Source: Flow-GRPO, arXiv:2505.05470, equations 7 and 8.
     */
    static Transition reverseSde(SigmaSchedule schedule, int step, double g) {
        double t = schedule.sigma(step);
        double next = schedule.sigma(step + 1);
        double dt = t - next;
        double correction = g * g / (2 * t);
        double beta = 1 + correction * (1 - t);
        return new Transition(step, t, next, dt, g, g * Math.sqrt(dt), beta, 1 - correction * dt, -beta * dt, 1);
    }

    /** Whether the step adds noise. Only then has it a probability. */
    public boolean stochastic() {
        return s > 0;
    }

    /**
     * The mean of the step, {@code cx x + cv v}.
     *
     * @param latents x, {@code [B, C, H, W]}
     * @param velocity v at (x, sigma), of the same shape; converted to the dtype of the latents
     * @return of the shape and dtype of the latents, in the current scope
     */
    public Tensor mean(Tensor latents, Tensor velocity) {
        Tensor drift = velocity.to(latents.dtype()).mul(cv);
        return cx == 1 ? latents.add(drift) : latents.mul(cx).add(drift);
    }
}
