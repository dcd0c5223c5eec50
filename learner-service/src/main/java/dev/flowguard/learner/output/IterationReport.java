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
        @Nullable Learning learning,
        Map<String, Double> seconds) {

    public IterationReport {
        rewards = Collections.unmodifiableMap(new LinkedHashMap<>(rewards));
        eval = Collections.unmodifiableMap(new LinkedHashMap<>(eval));
        incompleteEval = Collections.unmodifiableMap(new LinkedHashMap<>(incompleteEval));
        seconds = Collections.unmodifiableMap(new LinkedHashMap<>(seconds));
    }

    /** Mean, population standard deviation and bounds of a score. */
    public record Spread(double mean, double std, double min, double max) {}

    /**
     * What the iteration's update saw.
     *
     * @param groups groups that came
     * @param zeroVarianceGroups of these, groups whose members are all worth the same: skipped
     * @param droppedGroups groups that were given up after too many tries
     * @param skippedUpdates optimizer steps that were skipped because something was not finite
     * @param advantageStd standard deviation of the advantages trained on
     * @param canaryLogRatio largest absolute log-ratio before the first update; 0 is perfect; null where nothing was trained
     * @param loss mean over the iteration's (member, step) tuples; null where nothing was trained
     * @param gradientNorm largest global norm before clipping; null where nothing was trained
     * @param klToReference mean KL, where it was measured
     * @param learningRate of the last update
     * @param steps one entry a stochastic step
     */
    public record Learning(
            int groups,
            int zeroVarianceGroups,
            int droppedGroups,
            int skippedUpdates,
            double advantageStd,
            @Nullable Double canaryLogRatio,
            @Nullable Double loss,
            @Nullable Double gradientNorm,
            @Nullable Double klToReference,
            double learningRate,
            List<StepRatios> steps) {
        public Learning {
            steps = List.copyOf(steps);
        }
    }

    /**
     * Importance ratios at one stochastic step, over all updates of the iteration.
     *
     * @param step its index
     * @param sigma its noise level
     * @param logRatioMean mean of the log-ratio
     * @param logRatioStd its population standard deviation
     * @param clipUp share of ratios above the trust region
     * @param clipDown share below
     */
    public record StepRatios(
            int step, double sigma, double logRatioMean, double logRatioStd, double clipUp, double clipDown) {}

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
        if (learning != null) {
            put(line, learning);
        }
        seconds.forEach((phase, value) -> line.put("seconds." + phase, value));
        return line;
    }

    private static void put(Map<String, Object> line, Learning learning) {
        line.put("groups", learning.groups());
        line.put("zero_variance_groups", learning.zeroVarianceGroups());
        line.put("dropped_groups", learning.droppedGroups());
        line.put("skipped_updates", learning.skippedUpdates());
        line.put("advantage.std", learning.advantageStd());
        putPresent(line, "canary_log_ratio", learning.canaryLogRatio());
        putPresent(line, "loss", learning.loss());
        putPresent(line, "grad_norm", learning.gradientNorm());
        putPresent(line, "kl", learning.klToReference());
        line.put("learning_rate", learning.learningRate());
        List<Map<String, Object>> steps = new ArrayList<>();
        for (StepRatios step : learning.steps()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("step", step.step());
            entry.put("sigma", step.sigma());
            entry.put("log_ratio_mean", step.logRatioMean());
            entry.put("log_ratio_std", step.logRatioStd());
            entry.put("clip_up", step.clipUp());
            entry.put("clip_down", step.clipDown());
            steps.add(entry);
        }
        line.put("steps", steps);
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
                line.has("groups") ? learning(line) : null,
                seconds);
    }

    private static Learning learning(JsonNode line) {
        List<StepRatios> steps = new ArrayList<>();
        for (JsonNode step : line.path("steps")) {
            steps.add(new StepRatios(
                    step.path("step").asInt(),
                    step.path("sigma").asDouble(),
                    step.path("log_ratio_mean").asDouble(),
                    step.path("log_ratio_std").asDouble(),
                    step.path("clip_up").asDouble(),
                    step.path("clip_down").asDouble()));
        }
        return new Learning(
                line.path("groups").asInt(),
                line.path("zero_variance_groups").asInt(),
                line.path("dropped_groups").asInt(),
                line.path("skipped_updates").asInt(),
                line.path("advantage.std").asDouble(),
                number(line, "canary_log_ratio"),
                number(line, "loss"),
                number(line, "grad_norm"),
                number(line, "kl"),
                line.path("learning_rate").asDouble(),
                steps);
    }

    private static @Nullable Double number(JsonNode line, String key) {
        return line.has(key) ? line.path(key).asDouble() : null;
    }
}
