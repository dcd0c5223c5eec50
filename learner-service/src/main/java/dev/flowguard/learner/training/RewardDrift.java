package dev.flowguard.learner.training;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How two scorers differ over the same images.
 *
 * @param rankCorrelation mean over the groups of Spearman's rank correlation within them, which is what group-relative training
 *     sees of a reward; 0 for a group of which one scorer sees no differences and the other does; null where neither sees any,
 *     in no group
 * @param meanShift mean of the new scores less mean of the old ones
 * @param spread population standard deviation of the old scores
 */
record RewardDrift(@Nullable Double rankCorrelation, double meanShift, double spread) {

    /**
     * The scores of one group by both, member by member.
     *
     * @param before by the endpoint that counts
     * @param after by the one that may take its place
     */
    record Pairs(List<Double> before, List<Double> after) {
        Pairs {
            before = List.copyOf(before);
            after = List.copyOf(after);
            if (before.isEmpty() || before.size() != after.size()) {
                throw new IllegalArgumentException(before.size() + " and " + after.size() + " scores of one group");
            }
        }
    }

    /** @param groups at least one */
    static RewardDrift over(List<Pairs> groups) {
        List<Double> before =
                groups.stream().flatMap(pairs -> pairs.before().stream()).toList();
        List<Double> after =
                groups.stream().flatMap(pairs -> pairs.after().stream()).toList();
        double mean = mean(before);
        double spread = Math.sqrt(before.stream()
                        .mapToDouble(score -> (score - mean) * (score - mean))
                        .sum()
                / before.size());
        double[] correlations = groups.stream()
                .filter(pairs -> varies(pairs.before()) || varies(pairs.after()))
                .mapToDouble(pairs -> spearman(pairs.before(), pairs.after()))
                .toArray();
        Double correlation = correlations.length == 0
                ? null
                : IntStream.range(0, correlations.length)
                                .mapToDouble(i -> correlations[i])
                                .sum()
                        / correlations.length;
        return new RewardDrift(correlation, mean(after) - mean, spread);
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).sum() / values.size();
    }

    private static boolean varies(List<Double> values) {
        return values.stream().distinct().count() > 1;
    }

    /** Pearson's correlation of the ranks, equal values sharing their mean rank; 0 where one side does not vary. */
    static double spearman(List<Double> x, List<Double> y) {
        double[] a = ranks(x);
        double[] b = ranks(y);
        double centre = (a.length - 1) / 2.0;
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            ab += (a[i] - centre) * (b[i] - centre);
            aa += (a[i] - centre) * (a[i] - centre);
            bb += (b[i] - centre) * (b[i] - centre);
        }
        return aa == 0 || bb == 0 ? 0 : ab / Math.sqrt(aa * bb);
    }

    private static double[] ranks(List<Double> values) {
        List<Integer> order = IntStream.range(0, values.size())
                .boxed()
                .sorted(Comparator.comparing(values::get))
                .toList();
        double[] ranks = new double[values.size()];
        for (int from = 0; from < order.size(); ) {
            int to = from;
            while (to < order.size() && values.get(order.get(to)).equals(values.get(order.get(from)))) {
                to++;
            }
            for (int i = from; i < to; i++) {
                ranks[order.get(i)] = (from + to - 1) / 2.0;
            }
            from = to;
        }
        return ranks;
    }
}
