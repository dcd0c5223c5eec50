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
import java.util.TreeMap;

/**
 * What came of an evaluation.
 *
 * @param means mean over all held-out prompts, by reward; only where every prompt has a score
 * @param missing by reward, how many prompts have no score, where any
 * @param samples the images that were kept
 */
record Evaluation(Map<String, Double> means, Map<String, Integer> missing, List<KeptSample> samples) {
    Evaluation {
        samples = List.copyOf(samples);
    }

    /** No evaluation. */
    static Evaluation none() {
        return new Evaluation(Map.of(), Map.of(), List.of());
    }

    /**
     * Sums an evaluation up. A missing score is never a zero: a reward that misses one has no mean.
     *
     * @param prompts how many held-out prompts there are
     * @param rewards the names of all rewards
     */
    static Evaluation of(Batch batch, int prompts, List<String> rewards) {
        Map<String, Double> means = new LinkedHashMap<>();
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
            if (scores.size() == prompts) {
                means.put(
                        reward, scores.stream().mapToDouble(Double::doubleValue).sum() / prompts);
            } else {
                missing.put(reward, prompts - scores.size());
            }
        }
        return new Evaluation(means, missing, samples(members));
    }

    private static List<KeptSample> samples(List<ScoredMember> members) {
        List<KeptSample> samples = new ArrayList<>();
        for (ScoredMember member : members) {
            ByteString png = member.png();
            if (png != null) {
                Map<String, Double> scores = new TreeMap<>();
                Map<String, String> notes = new TreeMap<>();
                member.scores().forEach((name, score) -> {
                    scores.put(name, score.value());
                    notes.putAll(score.notes());
                });
                samples.add(
                        new KeptSample(member.seeds().prompt(), member.seeds().initialNoise(), scores, notes, png));
            }
        }
        return samples;
    }
}
