package dev.flowguard.learner.training;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Tells over-optimisation from noise: the proxy, which is trained on, rises while a gold reward, which is not, falls.
 *
 * <p>Every evaluation draws the same held-out prompts from the same seeds, so two of them are compared prompt by prompt. With
 * the differences {@code dᵢ} of n prompts, a change counts only where {@code |mean(d)| > margin · std(d) / √n}, the paired
 * standard error. For each gold reward the evaluation with its best mean is remembered. The rule, for one gold reward:
 *
 * <pre>
 *   suspicious:  the gold reward is below its best evaluation, and the proxy above what it was there, both by more than the margin
 *   alarm:       patience suspicious evaluations in a row
 * </pre>
 *
 * <p>An incomplete evaluation is no evidence either way and is not shown to the sentinel. Immutable: {@link #after} gives the
 * next state, so that a checkpoint holds all there is to know.
 *
 * @param patience evaluations in a row, at least 1
 * @param margin in standard errors, at least 0
 * @param watched by gold reward
 */
record OverOptimisationSentinel(int patience, double margin, Map<String, Watched> watched) {
    OverOptimisationSentinel {
        watched = Collections.unmodifiableMap(new LinkedHashMap<>(watched));
    }

    /** A sentinel that has seen nothing. */
    static OverOptimisationSentinel fresh(int patience, double margin) {
        return new OverOptimisationSentinel(patience, margin, Map.of());
    }

    /**
     * One complete evaluation.
     *
     * @param iteration how many iterations were done
     * @param proxy the weighted sum of the rewards that are trained on, by prompt
     * @param gold by reward, by prompt; every list as long as the proxy's
     */
    record Evidence(int iteration, List<Double> proxy, Map<String, List<Double>> gold) {
        Evidence {
            proxy = List.copyOf(proxy);
            gold = Collections.unmodifiableMap(new LinkedHashMap<>(gold));
        }
    }

    /**
     * What is known of one gold reward.
     *
     * @param best the iteration of its best evaluation
     * @param gold the gold reward there, by prompt
     * @param proxy the proxy there, by prompt
     * @param suspicious how many evaluations in a row have been suspicious
     * @param last the latest comparison with the best; no change at the best itself
     */
    record Watched(int best, List<Double> gold, List<Double> proxy, int suspicious, Comparison last) {
        Watched {
            gold = List.copyOf(gold);
            proxy = List.copyOf(proxy);
        }
    }

    /** An evaluation against the best one: mean paired differences and their standard errors. */
    record Comparison(double goldChange, double goldError, double proxyChange, double proxyError) {
        static final Comparison NONE = new Comparison(0, 0, 0, 0);
    }

    /** The sentinel after one more evaluation. */
    OverOptimisationSentinel after(Evidence evidence) {
        Map<String, Watched> next = new LinkedHashMap<>(watched);
        evidence.gold().forEach((name, gold) -> next.put(name, observe(watched.get(name), evidence, gold)));
        return new OverOptimisationSentinel(patience, margin, next);
    }

    private Watched observe(@Nullable Watched before, Evidence evidence, List<Double> gold) {
        if (before == null || mean(gold) > mean(before.gold())) {
            return new Watched(evidence.iteration(), gold, evidence.proxy(), 0, Comparison.NONE);
        }
        Paired goldChange = Paired.of(before.gold(), gold);
        Paired proxyChange = Paired.of(before.proxy(), evidence.proxy());
        boolean suspicious =
                goldChange.mean() < -margin * goldChange.error() && proxyChange.mean() > margin * proxyChange.error();
        return new Watched(
                before.best(),
                before.gold(),
                before.proxy(),
                suspicious ? before.suspicious() + 1 : 0,
                new Comparison(goldChange.mean(), goldChange.error(), proxyChange.mean(), proxyChange.error()));
    }

    /** Gold rewards whose alarm is on. */
    List<String> alarms() {
        List<String> alarms = new ArrayList<>();
        watched.forEach((name, state) -> {
            if (state.suspicious() >= patience) {
                alarms.add(name);
            }
        });
        return alarms;
    }

    /** The same sentinel with its patience restored, after something was done about an alarm; the best stays the best. */
    OverOptimisationSentinel patientAgain() {
        Map<String, Watched> next = new LinkedHashMap<>();
        watched.forEach((name, state) ->
                next.put(name, new Watched(state.best(), state.gold(), state.proxy(), 0, state.last())));
        return new OverOptimisationSentinel(patience, margin, next);
    }

    /** The iteration at which a gold reward that was seen was best. */
    int best(String gold) {
        return Objects.requireNonNull(watched.get(gold), gold).best();
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    /** Mean of paired differences and its standard error; with fewer than two pairs the error is infinite. */
    private record Paired(double mean, double error) {
        static Paired of(List<Double> before, List<Double> now) {
            int n = before.size();
            if (now.size() != n) {
                throw new IllegalArgumentException("evaluations of " + n + " and of " + now.size() + " prompts");
            }
            double mean = 0;
            for (int i = 0; i < n; i++) {
                mean += (now.get(i) - before.get(i)) / n;
            }
            double squares = 0;
            for (int i = 0; i < n; i++) {
                double off = now.get(i) - before.get(i) - mean;
                squares += off * off;
            }
            return new Paired(mean, n < 2 ? Double.POSITIVE_INFINITY : Math.sqrt(squares / (n - 1) / n));
        }
    }
}
