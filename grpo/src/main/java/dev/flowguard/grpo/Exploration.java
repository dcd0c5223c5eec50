package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/**
 * How the members of a group spread over the steps that a {@link StochasticPlan} chose.
 *
 * <p>An extension point. An exploration is a pure function of its arguments. Implementations are immutable.
 */
public interface Exploration {

    /**
     * The paths of a group.
     *
     * @param plan which steps are stochastic
     * @param steps T of the schedule
     * @param group for which the plan is made
     * @param groupSize how many members compete, at least 2; the layout may have a multiple of it
     * @throws InputException if plan, schedule and group size do not fit together
     */
    GroupLayout layout(StochasticPlan plan, int steps, GroupKey group, int groupSize);
}
