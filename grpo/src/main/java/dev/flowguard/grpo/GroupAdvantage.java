package dev.flowguard.grpo;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The group-relative advantage
 *
 * <pre>{@code A = clip((R - mean_group(R)) / (std(R) + 1e-4), -limit, limit),    R = sum_k w_k r_k }</pre>
 *
 * <p>with the population standard deviation, over the group or over the whole iteration. The mean is always the group's.
 * Sources: Flow-GRPO, arXiv:2505.05470, equation 4; flow_grpo's {@code PerPromptStatTracker} ({@code global_std}) and
 * {@code adv_clip_max}.
 *
 * <p>A group whose totals are all equal gets advantages of exactly 0 and is flagged as tied.
 *
 * @param spread over what the standard deviation is taken
 * @param limit largest absolute advantage, positive; 5 in flow_grpo
 */
public record GroupAdvantage(Spread spread, double limit) implements AdvantageEstimator {

    /** What the standard deviation is taken over. */
    public enum Spread {
        /** The group alone: groups with a small spread of rewards count as much as others. */
        GROUP,
        /** All members of the iteration (flow_grpo: {@code global_std}): a group counts in proportion to its spread. */
        ITERATION
    }

    public GroupAdvantage {
        new AdvantageLimit(limit);
    }

    @Override
    public List<GroupAdvantages> estimate(List<RewardedGroup> iteration, RewardWeights weights) {
        List<List<Double>> totals =
                iteration.stream().map(group -> group.total(weights)).toList();
        Moments all = Moments.of(totals.stream().flatMap(List::stream).toList());
        return IntStream.range(0, totals.size())
                .mapToObj(i -> advantages(iteration.get(i).groupId(), totals.get(i), all))
                .toList();
    }

    private GroupAdvantages advantages(long groupId, List<Double> totals, Moments all) {
        Moments own = Moments.of(totals);
        double std = spread == Spread.GROUP ? own.std() : all.std();
        AdvantageLimit bound = new AdvantageLimit(limit);
        List<Double> values = totals.stream()
                .map(total -> bound.clip(own.standardised(total, std)))
                .toList();
        return new GroupAdvantages(groupId, values, totals, own.mean(), own.std(), own.tied());
    }
}
