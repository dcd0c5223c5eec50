package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.List;

/**
 * Which steps of a trajectory are stochastic, and which of these are trained; the others are ODE steps.
 *
 * <p>An extension point. A plan is a pure function of the schedule's length and the {@link GroupKey}: all members of a
 * group explore the same steps, on whatever worker they are sampled. (Drawn per member instead, the spread of rewards
 * inside a group mixes the steps, and public runs collapsed.) Implementations are immutable.
 */
public interface StochasticPlan {

    /**
     * Indices of the stochastic steps, rising and distinct, each in 0..steps-1.
     *
     * @param steps T of the schedule
     * @param group for which the plan is made
     * @throws InputException if the plan does not fit a schedule of this length
     */
    List<Integer> stochasticSteps(int steps, GroupKey group);

    /** Those of {@link #stochasticSteps} that are trained, rising: all of them, unless a plan says otherwise. */
    default List<Integer> trainedSteps(int steps, GroupKey group) {
        return stochasticSteps(steps, group);
    }
}
