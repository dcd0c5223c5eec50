package dev.flowguard.grpo;

import java.util.List;

/**
 * What the members of one group are worth to the objective.
 *
 * @param groupId as in the {@link RewardedGroup}
 * @param values the advantage A of each member, finite, in the group's order of members
 * @param totals the total reward of each member, before normalisation
 * @param mean of the totals
 * @param std population standard deviation of the totals within the group
 * @param tied whether all totals are equal: every advantage is then exactly 0 and the group teaches nothing
 */
public record GroupAdvantages(
        long groupId, List<Double> values, List<Double> totals, double mean, double std, boolean tied) {

    public GroupAdvantages {
        values = List.copyOf(values);
        totals = List.copyOf(totals);
    }
}
