package dev.flowguard.learner.output;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One line of {@code metrics.jsonl}. What was not measured is absent, never zero.
 *
 * @param iteration how many iterations are done; 0 for the line of the evaluation before the first
 * @param policyVersion the version that the iteration made and that was evaluated
 * @param elapsed seconds since the run (or its continuation) began, at the end of the iteration
 * @param rewards spread of every reward over the iteration's members, by reward
 * @param eval mean over all held-out prompts, by reward; complete evaluations only
 * @param incompleteEval by reward, how many held-out prompts have no score, where any
 * @param scoring what was missing of the scores, and what became of endpoints that are being exchanged
 * @param oversight what the evaluation showed beside means, and what was done about it
 * @param learning what the update saw; null in line 0
 * @param seconds where the time went: sample and score are sums over the workers, the others are the learner's own
 */
public record IterationReport(
        int iteration,
        long policyVersion,
        double elapsed,
        Map<String, Spread> rewards,
        Map<String, Double> eval,
        Map<String, Integer> incompleteEval,
        Scoring scoring,
        Oversight oversight,
        @Nullable Learning learning,
        Map<String, Double> seconds) {

    public IterationReport {
        rewards = Collections.unmodifiableMap(new LinkedHashMap<>(rewards));
        eval = Collections.unmodifiableMap(new LinkedHashMap<>(eval));
        incompleteEval = Collections.unmodifiableMap(new LinkedHashMap<>(incompleteEval));
        seconds = Collections.unmodifiableMap(new LinkedHashMap<>(seconds));
    }

    /** The line of an iteration in which no score was missing. */
    public IterationReport(
            int iteration,
            long policyVersion,
            double elapsed,
            Map<String, Spread> rewards,
            Map<String, Double> eval,
            Map<String, Integer> incompleteEval,
            Oversight oversight,
            @Nullable Learning learning,
            Map<String, Double> seconds) {
        this(
                iteration,
                policyVersion,
                elapsed,
                rewards,
                eval,
                incompleteEval,
                Scoring.complete(),
                oversight,
                learning,
                seconds);
    }

    /**
     * How scoring went.
     *
     * @param missing by optional reward, how many of the iteration's members have no score, where any
     * @param droppedFor by reward, how many groups were given up because its score could not be had, where any
     * @param swaps by reward whose endpoint is being exchanged, how far that is
     */
    public record Scoring(
            Map<String, Integer> missing, Map<String, Integer> droppedFor, Map<String, SwapReport> swaps) {
        private static final Scoring COMPLETE = new Scoring(Map.of(), Map.of(), Map.of());

        public Scoring {
            missing = Collections.unmodifiableMap(new TreeMap<>(missing));
            droppedFor = Collections.unmodifiableMap(new TreeMap<>(droppedFor));
            swaps = Collections.unmodifiableMap(new TreeMap<>(swaps));
        }

        /** Nothing was missing and nothing is exchanged. */
        public static Scoring complete() {
            return COMPLETE;
        }
    }

    /**
     * The exchange of a reward's endpoint.
     *
     * @param state {@code shadowing}, {@code cut-over} or {@code aborted}
     * @param next the endpoint that is to take over
     * @param groups that both endpoints have scored
     * @param failedGroups that the new one has failed to score
     * @param rankCorrelation mean of Spearman's within the groups; null where there is none to be had
     * @param meanShift of the new scores; null before the first group
     * @param spread standard deviation of the old scores; null before the first group
     */
    public record SwapReport(
            String state,
            String next,
            int groups,
            int failedGroups,
            @Nullable Double rankCorrelation,
            @Nullable Double meanShift,
            @Nullable Double spread) {}

    /** Mean, population standard deviation and bounds of a score. */
    public record Spread(double mean, double std, double min, double max) {}

    /**
     * What the evaluation showed beside means, and what was done about it.
     *
     * @param diversity mean pairwise distance between images of a prompt, in [0, 1]; null where there is one a prompt
     * @param watches the sentinel's view of every gold reward; empty where it saw no complete evaluation
     * @param alarms gold rewards that fall while the proxy rises, for as many evaluations as the recipe's patience
     * @param action what the sentinel did: {@code alert}, {@code stop}, {@code raise-kl}, {@code rollback}; null for nothing
     * @param rolledBackTo the iteration whose policy this iteration went back to, instead of an update
     */
    public record Oversight(
            @Nullable Double diversity,
            Map<String, GoldWatch> watches,
            List<String> alarms,
            @Nullable String action,
            @Nullable Integer rolledBackTo) {
        private static final Oversight NONE = new Oversight(null, Map.of(), List.of(), null, null);

        public Oversight {
            watches = Collections.unmodifiableMap(new LinkedHashMap<>(watches));
            alarms = List.copyOf(alarms);
        }

        /** Nothing was evaluated, nothing was done. */
        public static Oversight none() {
            return NONE;
        }
    }

    /**
     * A gold reward against its best evaluation so far, over the held-out prompts.
     *
     * @param bestIteration when it was best
     * @param goldChange mean paired difference to then
     * @param goldError its standard error
     * @param proxyChange mean paired difference of the weighted proxy to then
     * @param proxyError its standard error
     * @param suspicious evaluations in a row with gold down and proxy up
     */
    public record GoldWatch(
            int bestIteration,
            double goldChange,
            double goldError,
            double proxyChange,
            double proxyError,
            int suspicious) {}

    /**
     * What the iteration's update saw.
     *
     * @param groups groups that came
     * @param zeroVarianceGroups of these, groups whose members are all worth the same: skipped
     * @param comparisons sets of members that were compared: one a group, or one a step of a seed where a tree branches
     * @param tiedComparisons of these, sets whose members are all worth the same: not trained on
     * @param droppedGroups groups that were given up after too many tries
     * @param skippedUpdates optimizer steps that were skipped because something was not finite
     * @param advantageStd standard deviation of the advantages trained on
     * @param canaryLogRatio largest absolute log-ratio before the first update; 0 is perfect; null where nothing was trained
     * @param loss mean over the iteration's (member, step) tuples; null where nothing was trained
     * @param gradientNorm largest global norm before clipping; null where nothing was trained
     * @param klToReference mean KL, where it was measured
     * @param learningRate of the last update
     * @param clip null where the trust region is no range of ratios
     * @param steps one entry a trained step
     * @param replay null where the recipe does not ask for it
     */
    public record Learning(
            int groups,
            int zeroVarianceGroups,
            int comparisons,
            int tiedComparisons,
            int droppedGroups,
            int skippedUpdates,
            double advantageStd,
            @Nullable Double canaryLogRatio,
            @Nullable Double loss,
            @Nullable Double gradientNorm,
            @Nullable Double klToReference,
            double learningRate,
            @Nullable Clip clip,
            List<StepRatios> steps,
            @Nullable Replay replay) {
        public Learning {
            steps = List.copyOf(steps);
        }
    }

    /**
     * Groups of earlier iterations that were trained on once more.
     *
     * @param groups how many
     * @param smallestWeight of their members' importance weights; null where there are none
     * @param largestWeight likewise
     */
    public record Replay(
            int groups,
            @Nullable Double smallestWeight,
            @Nullable Double largestWeight) {}

    /**
     * The range that clipped the objective's log-ratio, for the run's latents.
     *
     * @param ratio {@code density} or {@code ratio-norm}
     * @param lower how far below 0
     * @param upper how far above 0
     */
    public record Clip(String ratio, double lower, double upper) {}

    /** The line: flat dotted keys ({@code reward.ocr.mean}, {@code eval.ocr}), so that every table reader takes it. */
    public Map<String, Object> toJson() {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("iteration", iteration);
        line.put("policy_version", policyVersion);
        line.put("elapsed", elapsed);
        rewards.forEach((name, spread) -> {
            line.put("reward." + name + ".mean", spread.mean());
            line.put("reward." + name + ".std", spread.std());
            line.put("reward." + name + ".min", spread.min());
            line.put("reward." + name + ".max", spread.max());
        });
        eval.forEach((name, mean) -> line.put("eval." + name, mean));
        incompleteEval.forEach((name, missing) -> line.put("eval_missing." + name, missing));
        put(line, scoring);
        put(line, oversight);
        if (learning != null) {
            put(line, learning);
        }
        seconds.forEach((phase, value) -> line.put("seconds." + phase, value));
        return line;
    }

    private static void put(Map<String, Object> line, Scoring scoring) {
        scoring.missing().forEach((name, members) -> line.put("missing." + name, members));
        scoring.droppedFor().forEach((name, groups) -> line.put("dropped_for." + name, groups));
        scoring.swaps().forEach((name, swap) -> {
            String prefix = "swap." + name + ".";
            line.put(prefix + "state", swap.state());
            line.put(prefix + "next", swap.next());
            line.put(prefix + "groups", swap.groups());
            line.put(prefix + "failed_groups", swap.failedGroups());
            putPresent(line, prefix + "rank_correlation", swap.rankCorrelation());
            putPresent(line, prefix + "mean_shift", swap.meanShift());
            putPresent(line, prefix + "spread", swap.spread());
        });
    }

    private static void put(Map<String, Object> line, Oversight oversight) {
        putPresent(line, "eval_diversity", oversight.diversity());
        oversight.watches().forEach((name, watch) -> {
            String prefix = "sentinel." + name + ".";
            line.put(prefix + "best_iteration", watch.bestIteration());
            line.put(prefix + "gold_change", watch.goldChange());
            line.put(prefix + "gold_error", watch.goldError());
            line.put(prefix + "proxy_change", watch.proxyChange());
            line.put(prefix + "proxy_error", watch.proxyError());
            line.put(prefix + "suspicious", watch.suspicious());
        });
        if (!oversight.alarms().isEmpty()) {
            line.put("sentinel_alarms", oversight.alarms());
        }
        if (oversight.action() != null) {
            line.put("sentinel_action", oversight.action());
        }
        if (oversight.rolledBackTo() != null) {
            line.put("rolled_back_to", oversight.rolledBackTo());
        }
    }

    private static void put(Map<String, Object> line, Learning learning) {
        line.put("groups", learning.groups());
        line.put("zero_variance_groups", learning.zeroVarianceGroups());
        line.put("comparisons", learning.comparisons());
        line.put("tied_comparisons", learning.tiedComparisons());
        line.put("dropped_groups", learning.droppedGroups());
        line.put("skipped_updates", learning.skippedUpdates());
        line.put("advantage.std", learning.advantageStd());
        putPresent(line, "canary_log_ratio", learning.canaryLogRatio());
        putPresent(line, "loss", learning.loss());
        putPresent(line, "grad_norm", learning.gradientNorm());
        putPresent(line, "kl", learning.klToReference());
        line.put("learning_rate", learning.learningRate());
        Clip clip = learning.clip();
        if (clip != null) {
            line.put("clip.ratio", clip.ratio());
            line.put("clip.lower", clip.lower());
            line.put("clip.upper", clip.upper());
        }
        Replay replay = learning.replay();
        if (replay != null) {
            line.put("replayed_groups", replay.groups());
            putPresent(line, "replay_weight.min", replay.smallestWeight());
            putPresent(line, "replay_weight.max", replay.largestWeight());
        }
        line.put("steps", learning.steps().stream().map(StepRatios::toJson).toList());
    }

    private static void putPresent(Map<String, Object> line, String key, @Nullable Double value) {
        if (value != null) {
            line.put(key, value);
        }
    }

    /** Reads a line back. */
    public static IterationReport fromJson(JsonNode line) {
        Map<String, Spread> rewards = new TreeMap<>();
        Map<String, Double> eval = new TreeMap<>();
        Map<String, Integer> missing = new TreeMap<>();
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : line.properties()) {
            String key = entry.getKey();
            if (key.startsWith("reward.") && key.endsWith(".mean")) {
                String prefix = key.substring(0, key.length() - "mean".length());
                rewards.put(
                        prefix.substring("reward.".length(), prefix.length() - 1),
                        new Spread(
                                entry.getValue().asDouble(),
                                line.path(prefix + "std").asDouble(),
                                line.path(prefix + "min").asDouble(),
                                line.path(prefix + "max").asDouble()));
            } else if (key.startsWith("eval.")) {
                eval.put(key.substring("eval.".length()), entry.getValue().asDouble());
            } else if (key.startsWith("eval_missing.")) {
                missing.put(
                        key.substring("eval_missing.".length()),
                        entry.getValue().asInt());
            } else if (key.startsWith("seconds.")) {
                seconds.put(key.substring("seconds.".length()), entry.getValue().asDouble());
            }
        }
        return new IterationReport(
                line.path("iteration").asInt(),
                line.path("policy_version").asLong(),
                line.path("elapsed").asDouble(),
                rewards,
                eval,
                missing,
                scoring(line),
                oversight(line),
                line.has("groups") ? learning(line) : null,
                seconds);
    }

    private static Scoring scoring(JsonNode line) {
        Map<String, Integer> missing = new TreeMap<>();
        Map<String, Integer> droppedFor = new TreeMap<>();
        Map<String, SwapReport> swaps = new TreeMap<>();
        for (String key : line.propertyNames()) {
            if (key.startsWith("missing.")) {
                missing.put(key.substring("missing.".length()), line.path(key).asInt());
            } else if (key.startsWith("dropped_for.")) {
                droppedFor.put(
                        key.substring("dropped_for.".length()), line.path(key).asInt());
            } else if (key.startsWith("swap.") && key.endsWith(".state")) {
                String prefix = key.substring(0, key.length() - "state".length());
                swaps.put(
                        prefix.substring("swap.".length(), prefix.length() - 1),
                        new SwapReport(
                                line.path(key).asString(),
                                line.path(prefix + "next").asString(),
                                line.path(prefix + "groups").asInt(),
                                line.path(prefix + "failed_groups").asInt(),
                                number(line, prefix + "rank_correlation"),
                                number(line, prefix + "mean_shift"),
                                number(line, prefix + "spread")));
            }
        }
        return new Scoring(missing, droppedFor, swaps);
    }

    private static Oversight oversight(JsonNode line) {
        Map<String, GoldWatch> watches = new TreeMap<>();
        for (String key : line.propertyNames()) {
            if (key.startsWith("sentinel.") && key.endsWith(".best_iteration")) {
                String prefix = key.substring(0, key.length() - "best_iteration".length());
                watches.put(
                        prefix.substring("sentinel.".length(), prefix.length() - 1),
                        new GoldWatch(
                                line.path(key).asInt(),
                                line.path(prefix + "gold_change").asDouble(),
                                line.path(prefix + "gold_error").asDouble(),
                                line.path(prefix + "proxy_change").asDouble(),
                                line.path(prefix + "proxy_error").asDouble(),
                                line.path(prefix + "suspicious").asInt()));
            }
        }
        List<String> alarms = new ArrayList<>();
        line.path("sentinel_alarms").forEach(name -> alarms.add(name.asString()));
        return new Oversight(
                number(line, "eval_diversity"),
                watches,
                alarms,
                line.has("sentinel_action") ? line.path("sentinel_action").asString() : null,
                line.has("rolled_back_to") ? line.path("rolled_back_to").asInt() : null);
    }

    private static Learning learning(JsonNode line) {
        List<StepRatios> steps = new ArrayList<>();
        for (JsonNode step : line.path("steps")) {
            steps.add(StepRatios.fromJson(step));
        }
        return new Learning(
                line.path("groups").asInt(),
                line.path("zero_variance_groups").asInt(),
                line.path("comparisons").asInt(),
                line.path("tied_comparisons").asInt(),
                line.path("dropped_groups").asInt(),
                line.path("skipped_updates").asInt(),
                line.path("advantage.std").asDouble(),
                number(line, "canary_log_ratio"),
                number(line, "loss"),
                number(line, "grad_norm"),
                number(line, "kl"),
                line.path("learning_rate").asDouble(),
                line.has("clip.ratio")
                        ? new Clip(
                                line.path("clip.ratio").asString(),
                                line.path("clip.lower").asDouble(),
                                line.path("clip.upper").asDouble())
                        : null,
                steps,
                line.has("replayed_groups")
                        ? new Replay(
                                line.path("replayed_groups").asInt(),
                                number(line, "replay_weight.min"),
                                number(line, "replay_weight.max"))
                        : null);
    }

    private static @Nullable Double number(JsonNode line, String key) {
        return line.has(key) ? line.path(key).asDouble() : null;
    }
}
