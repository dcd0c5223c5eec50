package dev.flowguard.learner.training;

import dev.flowguard.grpo.AdvantageEstimator;
import dev.flowguard.grpo.GroupAdvantages;
import dev.flowguard.grpo.RewardWeights;
import dev.flowguard.grpo.RewardedGroup;
import dev.flowguard.learner.coordination.Batch;
import dev.flowguard.learner.coordination.RunAbortedException;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Brings the groups of an iteration to the estimator of advantages and back.
 *
 * <p>A group trains on the rewards that all of its members have. Leaving a reward out of a whole group shifts the totals of all
 * its members alike, which an advantage does not see: it is as if all were tied in that reward. What is normalised over the
 * iteration is normalised over the groups of the same rewards.
 *
 * <p>INVARIANT: a missing score changes the advantages of its own group only.
 */
final class AdvantageDesk {
    private final AdvantageEstimator estimator;
    private final RewardWeights weights;

    AdvantageDesk(AdvantageEstimator estimator, RewardWeights weights) {
        this.estimator = estimator;
        this.weights = weights;
    }

    /**
     * Every group with its members' advantages, in the order of the batch; those that teach nothing too.
     *
     * @throws RunAbortedException if every group of the iteration was dropped
     */
    List<TrainableGroup> estimate(Batch batch) {
        if (batch.groups().isEmpty()) {
            throw new RunAbortedException(
                    "every group of the iteration was dropped, the last one was "
                            + batch.dropped().get(batch.dropped().size() - 1).what()
                            + "; mend the cause, then go on with --resume",
                    null);
        }
        Map<Set<String>, List<ScoredGroup>> alike = new LinkedHashMap<>();
        for (ScoredGroup group : batch.groups()) {
            alike.computeIfAbsent(rewardsOf(group), rewards -> new ArrayList<>())
                    .add(group);
        }
        Map<Long, TrainableGroup> estimated = new HashMap<>();
        alike.forEach((rewards, groups) -> estimate(rewards, groups)
                .forEach(group -> estimated.put(group.group().spec().groupId(), group)));
        return batch.groups().stream()
                .map(group -> Objects.requireNonNull(estimated.get(group.spec().groupId())))
                .toList();
    }

    /** The rewards that every member has. */
    private Set<String> rewardsOf(ScoredGroup group) {
        return weights.byName().keySet().stream()
                .filter(name -> group.members().stream()
                        .allMatch(member -> member.scores().containsKey(name)))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private List<TrainableGroup> estimate(Set<String> rewards, List<ScoredGroup> groups) {
        Map<String, Double> present = new LinkedHashMap<>(weights.byName());
        present.keySet().retainAll(rewards);
        List<RewardedGroup> compared = new ArrayList<>();
        for (ScoredGroup group : groups) {
            RewardedGroup whole = rewarded(group, rewards);
            group.spec().layout().comparisons().forEach(set -> compared.add(whole.subset(set)));
        }
        Iterator<GroupAdvantages> advantages =
                estimator.estimate(compared, new RewardWeights(present)).iterator();
        return groups.stream()
                .map(group -> new TrainableGroup(
                        group,
                        MemberAdvantages.of(
                                group.members().size(), group.spec().layout().comparisons(), advantages)))
                .toList();
    }

    private static RewardedGroup rewarded(ScoredGroup group, Set<String> names) {
        Map<String, List<Double>> rewards = new LinkedHashMap<>();
        for (String name : names) {
            rewards.put(
                    name,
                    group.members().stream().map(member -> score(member, name)).toList());
        }
        return new RewardedGroup(group.spec().groupId(), rewards);
    }

    private static double score(ScoredMember member, String name) {
        return Objects.requireNonNull(member.scores().get(name), name).value();
    }
}
