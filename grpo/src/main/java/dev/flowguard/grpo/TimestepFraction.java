package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.List;

/**
 * DanceGRPO's timestep fraction: every step but the last is stochastic, and the first {@code floor(fraction n)} of a random
 * permutation of these n steps are trained. Here the permutation is the group's; in the published code it is each sample's, so
 * that the members of a group do not learn from the same steps. Sources: DanceGRPO, arXiv:2505.07818; its {@code
 * timestep_fraction}.
 *
 * @param fraction of the steps, in (0, 1]; .6 in the published scripts
 */
public record TimestepFraction(double fraction) implements StochasticPlan {

    public TimestepFraction {
        if (!(fraction > 0 && fraction <= 1)) {
            throw new InputException(
                    "stochastic plan: timestep fraction " + fraction + "; it must be in (0, 1], .6 in DanceGRPO");
        }
    }

    @Override
    public List<Integer> stochasticSteps(int steps, GroupKey group) {
        return new AllButLast().stochasticSteps(steps, group);
    }

    @Override
    public List<Integer> trainedSteps(int steps, GroupKey group) {
        int eligible = stochasticSteps(steps, group).size();
        int trained = (int) (fraction * eligible);
        if (trained < 1) {
            throw new InputException("stochastic plan: a fraction of " + fraction + " of " + eligible
                    + " steps is none; raise it or lengthen the schedule");
        }
        return new RandomSubset(trained).stochasticSteps(steps, group);
    }
}
