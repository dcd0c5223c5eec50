package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The raw rewards of the members that compete with each other: images of one prompt under one policy, or the branches of
 * one step.
 *
 * @param groupId identifies the group; never the prompt, which two groups may share
 * @param rewards by the reward's name, one finite value a member, all in the same order of members
 */
public record RewardedGroup(long groupId, Map<String, List<Double>> rewards) {

    /** Refuses with an {@link InputException} a group of fewer than two members, rewards of unequal length or a non-finite reward */
    public RewardedGroup {
        Map<String, List<Double>> copy = new LinkedHashMap<>();
        rewards.forEach((name, values) -> copy.put(name, List.copyOf(values)));
        rewards = Collections.unmodifiableMap(copy);
        if (rewards.isEmpty()) {
            throw new InputException("group " + groupId + ": no reward; configure at least one scorer");
        }
        int members = rewards.values().iterator().next().size();
        if (members < 2) {
            throw new InputException("group " + groupId + ": " + members
                    + " member; an advantage needs something to compare with, so make groups of at least 2");
        }
        rewards.forEach((name, values) -> {
            if (values.size() != members) {
                throw new InputException("group " + groupId + ": reward '" + name + "' has " + values.size()
                        + " values for " + members + " members; a missing reward is not a zero");
            }
            for (int member = 0; member < members; member++) {
                if (!Double.isFinite(values.get(member))) {
                    throw new InputException("group " + groupId + ", member " + member + ": reward '" + name + "' is "
                            + values.get(member) + "; mend the scorer, a reward must be finite");
                }
            }
        });
    }

    /** How many members compete. */
    public int members() {
        return rewards.values().iterator().next().size();
    }

    /**
     * The members of a comparison set by themselves, under the same id.
     *
     * @param chosen indices of members, at least two
     */
    public RewardedGroup subset(List<Integer> chosen) {
        Map<String, List<Double>> subset = new LinkedHashMap<>();
        rewards.forEach((name, values) ->
                subset.put(name, chosen.stream().map(values::get).toList()));
        return new RewardedGroup(groupId, subset);
    }

    /**
     * One reward of every member.
     *
     * @throws InputException if it is missing
     */
    List<Double> reward(String name) {
        List<Double> values = rewards.get(name);
        if (values == null) {
            throw new InputException("group " + groupId + ": reward '" + name + "' is weighted but missing; it has "
                    + String.join(", ", rewards.keySet()));
        }
        return values;
    }

    /**
     * The weighted sum of the rewards, one a member.
     *
     * @throws InputException if a weighted reward is missing
     */
    List<Double> total(RewardWeights weights) {
        double[] total = new double[members()];
        weights.byName().forEach((name, weight) -> {
            List<Double> values = reward(name);
            for (int member = 0; member < total.length; member++) {
                total[member] += weight * values.get(member);
            }
        });
        return Arrays.stream(total).boxed().toList();
    }
}
