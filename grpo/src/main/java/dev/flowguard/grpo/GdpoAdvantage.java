package dev.flowguard.grpo;

import java.util.List;

/**
 * GDPO's group reward-decoupled normalisation: rewards are standardised one by one within the group, added, and the sums
 * standardised over the whole iteration,
 *
 * <pre>{@code
 * S = sum_k w_k (r_k - mean_group(r_k)) / (std_group(r_k) + 1e-4)
 * A = clip((S - mean_iteration(S)) / (std_iteration(S) + 1e-4), -limit, limit)
 * }</pre>
 *
 * <p>It keeps the order that a reward of small spread makes, and amplifies a reward whose spread within the group is only
 * noise. A group that is tied in every reward gets exactly 0. Source: GDPO, arXiv:2601.05242, equations 4 to 6.
 *
 * @param limit largest absolute advantage, positive
 */
public record GdpoAdvantage(double limit) implements AdvantageEstimator {

    public GdpoAdvantage {
        new AdvantageLimit(limit);
    }

    @Override
    public List<GroupAdvantages> estimate(List<RewardedGroup> iteration, RewardWeights weights) {
        List<DecoupledScores> groups = iteration.stream()
                .map(group -> DecoupledScores.of(group, weights))
                .toList();
        Moments all = Moments.of(
                groups.stream().flatMap(group -> group.scores().stream()).toList());
        AdvantageLimit bound = new AdvantageLimit(limit);
        return groups.stream()
                .map(group -> group.toAdvantages(
                        group.scores().stream()
                                .map(score -> bound.clip(all.standardised(score)))
                                .toList(),
                        weights))
                .toList();
    }
}
