package dev.flowguard.grpo;

import java.util.Arrays;
import java.util.List;

/** {@code sum_k w_k z_k} of a group, where z_k standardises reward k within the group before rewards are added. */
record DecoupledScores(RewardedGroup group, List<Double> scores) {

    static DecoupledScores of(RewardedGroup group, RewardWeights weights) {
        double[] sums = new double[group.members()];
        weights.byName().forEach((name, weight) -> {
            List<Double> values = group.reward(name);
            Moments moments = Moments.of(values);
            for (int member = 0; member < sums.length; member++) {
                sums[member] += weight * moments.standardised(values.get(member));
            }
        });
        return new DecoupledScores(group, Arrays.stream(sums).boxed().toList());
    }

    /** Advantages of these members, with the rewards' weighted sum as their total. */
    GroupAdvantages toAdvantages(List<Double> advantages, RewardWeights weights) {
        List<Double> totals = group.total(weights);
        Moments moments = Moments.of(totals);
        boolean tied = Moments.of(scores).tied();
        List<Double> values = tied ? advantages.stream().map(value -> 0.0).toList() : advantages;
        return new GroupAdvantages(group.groupId(), values, totals, moments.mean(), moments.std(), tied);
    }
}
