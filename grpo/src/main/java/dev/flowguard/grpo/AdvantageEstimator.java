package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.List;

/**
 * Turns the raw rewards of an iteration into advantages.
 *
 * <p>An extension point. An estimator sees all groups of the iteration at once, since some normalise over them all, and
 * each reward by its name, since some normalise before they combine. Its result for a group may depend on the set of
 * groups but on no order of groups or members. Implementations are immutable.
 */
public interface AdvantageEstimator {

    /**
     * The advantages of every group, in the order given.
     *
     * @throws InputException if a weighted reward is missing somewhere
     */
    List<GroupAdvantages> estimate(List<RewardedGroup> iteration, RewardWeights weights);
}
