package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.List;
import java.util.stream.DoubleStream;
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
    private static final double STD_FLOOR = 1e-4;

    /** What the standard deviation is taken over. */
    public enum Spread {
        /** The group alone: groups with a small spread of rewards count as much as others. */
        GROUP,
        /** All members of the iteration (flow_grpo: {@code global_std}): a group counts in proportion to its spread. */
        ITERATION
    }

    public GroupAdvantage {
        if (!(limit > 0)) {
            throw new InputException("advantage limit " + limit + "; it must be positive, 5 in flow_grpo");
        }
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
        double std = spread == Spread.GROUP ? own.std : all.std;
        List<Double> values = totals.stream()
                .map(total -> own.tied ? 0 : clip((total - own.mean) / (std + STD_FLOOR)))
                .toList();
        return new GroupAdvantages(groupId, values, totals, own.mean, own.std, own.tied);
    }

    private double clip(double advantage) {
        return Math.max(-limit, Math.min(limit, advantage));
    }

    /**
     * Mean and population standard deviation.
     *
     * <p>INVARIANT: they do not depend on the order of the values, to the last bit, so that neither the number of workers
     * nor the order in which groups arrive changes a run. Hence the sorting.
     */
    private record Moments(double mean, double std, boolean tied) {

        static Moments of(List<Double> values) {
            double[] sorted =
                    values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            if (sorted.length == 0) {
                return new Moments(0, 0, true);
            }
            double mean = DoubleStream.of(sorted).sum() / sorted.length;
            double variance = DoubleStream.of(sorted)
                            .map(value -> (value - mean) * (value - mean))
                            .sum()
                    / sorted.length;
            boolean tied = sorted[0] == sorted[sorted.length - 1];
            return tied ? new Moments(sorted[0], 0, true) : new Moments(mean, Math.sqrt(variance), false);
        }
    }
}
