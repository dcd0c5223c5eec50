package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/**
 * How a trajectory moves from one noise level to the next: a family of Gaussian steps, one for each step of a schedule.
 *
 * <p>An extension point. A kernel is a pure function of the schedule and the step; it draws no noise and sees no latent,
 * because every kernel of the family is linear in latent and velocity (see {@link Transition}). Implementations are
 * immutable.
 */
public interface TransitionKernel {

    /** The scalars of step {@code step}, in 0..T-1, of the schedule. */
    Transition at(SigmaSchedule schedule, int step);

    /** The name that recipes and the wire use: {@code flow-sde}, {@code dance-sde}, {@code cps}, {@code ode}. */
    String name();

    /** How much noise it adds; what the number means is the kernel's own. 0 where it adds none. */
    double noiseLevel();

    /** The same kernel with another noise level. */
    TransitionKernel withNoiseLevel(double noiseLevel);

    /**
     * The kernel of a name.
     *
     * @throws InputException if there is none
     */
    static TransitionKernel named(String name, double noiseLevel) {
        return switch (name) {
            case FlowSde.NAME -> new FlowSde(noiseLevel);
            case DanceSde.NAME -> new DanceSde(noiseLevel);
            case Cps.NAME -> new Cps(noiseLevel);
            case OdeKernel.NAME -> new OdeKernel().withNoiseLevel(noiseLevel);
            default ->
                throw new InputException("transition kernel '" + name + "' is unknown; use "
                        + String.join(", ", FlowSde.NAME, DanceSde.NAME, Cps.NAME) + " or " + OdeKernel.NAME);
        };
    }
}
