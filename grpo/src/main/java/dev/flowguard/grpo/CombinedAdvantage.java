package dev.flowguard.grpo;

import java.util.List;

/**
 * MixGRPO's combination of several rewards at the level of advantages,
 *
 * <pre>{@code A = clip(sum_k w_k (r_k - mean_group(r_k)) / (std_group(r_k) + 1e-4), -limit, limit) }</pre>
 *
 * <p>so that a reward's scale does not decide how much it says, only its weight does. Source: MixGRPO, arXiv:2507.21802,
 * {@code advantage_aggr}; it divides by the sample standard deviation, here as everywhere the population's is used: a factor
 * of {@code sqrt(1 - 1/n)} common to all members.
 *
 * @param limit largest absolute advantage, positive
 */
public record CombinedAdvantage(double limit) implements AdvantageEstimator {

    public CombinedAdvantage {
        new AdvantageLimit(limit);
    }

    @Override
    public List<GroupAdvantages> estimate(List<RewardedGroup> iteration, RewardWeights weights) {
        AdvantageLimit bound = new AdvantageLimit(limit);
        return iteration.stream()
                .map(group -> DecoupledScores.of(group, weights))
                .map(decoupled -> decoupled.toAdvantages(
                        decoupled.scores().stream().map(bound::clip).toList(), weights))
                .toList();
    }
}
