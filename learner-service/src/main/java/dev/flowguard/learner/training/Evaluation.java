package dev.flowguard.learner.training;

import com.google.protobuf.ByteString;
import dev.flowguard.learner.coordination.Batch;
import dev.flowguard.learner.coordination.Score;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.output.KeptSample;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What came of an evaluation.
 *
 * @param means mean over all held-out prompts, by reward; only where every image has a score
 * @param byPrompt for the same rewards, the mean over each prompt's images, in the order of the prompts
 * @param missing by reward, how many images have no score, where any
 * @param diversity mean over the prompts of {@link ImageDiversity}; null where there is one image a prompt, or one is missing
 * @param samples the images that were kept
 */
record Evaluation(
        Map<String, Double> means,
        Map<String, List<Double>> byPrompt,
        Map<String, Integer> missing,
        @Nullable Double diversity,
        List<KeptSample> samples) {
    Evaluation {
        samples = List.copyOf(samples);
    }

    /**
     * What an evaluation was asked for.
     *
     * @param prompts how many held-out prompts there are
     * @param imagesPerPrompt images of each of them
     * @param keptImages how many prompts' first images are kept
     */
    record Terms(int prompts, int imagesPerPrompt, int keptImages) {}

    /** No evaluation. */
    static Evaluation none() {
        return new Evaluation(Map.of(), Map.of(), Map.of(), null, List.of());
    }

    /**
     * Sums an evaluation up. A missing score is never a zero: a reward that misses one has no mean.
     *
     * <p>Inside {@link dev.flowguard.tensor.Compute}, where there is more than one image a prompt.
     *
     * @param terms what was asked for
     * @param rewards the names of all rewards
     */
    static Evaluation of(Batch batch, Terms terms, List<String> rewards) {
        int images = terms.prompts() * terms.imagesPerPrompt();
        Map<String, Double> means = new LinkedHashMap<>();
        Map<String, List<Double>> byPrompt = new LinkedHashMap<>();
        Map<String, Integer> missing = new LinkedHashMap<>();
        List<ScoredMember> members = batch.groups().stream()
                .map(ScoredGroup::members)
                .flatMap(List::stream)
                .toList();
        for (String reward : rewards) {
            List<Double> scores = new ArrayList<>();
            for (ScoredMember member : members) {
                Score score = member.scores().get(reward);
                if (score != null) {
                    scores.add(score.value());
                }
            }
            if (scores.size() == images) {
                means.put(
                        reward, scores.stream().mapToDouble(Double::doubleValue).sum() / images);
                byPrompt.put(reward, meansOf(scores, terms.imagesPerPrompt()));
            } else {
                missing.put(reward, images - scores.size());
            }
        }
        return new Evaluation(means, byPrompt, missing, diversity(members, terms), samples(members, terms));
    }

    private static List<Double> meansOf(List<Double> scores, int run) {
        List<Double> means = new ArrayList<>();
        for (int from = 0; from < scores.size(); from += run) {
            double sum = 0;
            for (int i = from; i < from + run; i++) {
                sum += scores.get(i);
            }
            means.add(sum / run);
        }
        return means;
    }

    private static @Nullable Double diversity(List<ScoredMember> members, Terms terms) {
        int run = terms.imagesPerPrompt();
        List<ByteString> pngs =
                members.stream().map(ScoredMember::png).filter(Objects::nonNull).toList();
        if (run < 2 || pngs.size() != terms.prompts() * run) {
            return null;
        }
        double sum = 0;
        for (int from = 0; from < pngs.size(); from += run) {
            sum += ImageDiversity.of(pngs.subList(from, from + run));
        }
        return sum / terms.prompts();
    }

    /** The first image of each of the first prompts. */
    private static List<KeptSample> samples(List<ScoredMember> members, Terms terms) {
        List<KeptSample> samples = new ArrayList<>();
        String before = null;
        for (ScoredMember member : members) {
            ByteString png = member.png();
            String prompt = member.seeds().prompt().text();
            boolean first = terms.imagesPerPrompt() == 1 || !prompt.equals(before);
            before = prompt;
            if (png != null && first && samples.size() < terms.keptImages()) {
                Map<String, Double> scores = new TreeMap<>();
                Map<String, String> notes = new TreeMap<>();
                member.scores().forEach((name, score) -> {
                    scores.put(name, score.value());
                    notes.putAll(score.notes());
                });
                samples.add(new KeptSample(prompt, member.seeds().initialNoise(), scores, notes, png));
            }
        }
        return samples;
    }
}
