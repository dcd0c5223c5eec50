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
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Brings the groups of an iteration to the estimator of advantages and back. */
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
                            + batch.dropped().get(batch.dropped().size() - 1)
                            + "; mend the cause, then go on with --resume",
                    null);
        }
        List<RewardedGroup> compared = new ArrayList<>();
        for (ScoredGroup group : batch.groups()) {
            RewardedGroup whole = rewarded(group);
            group.spec().layout().comparisons().forEach(set -> compared.add(whole.subset(set)));
        }
        Iterator<GroupAdvantages> advantages =
                estimator.estimate(compared, weights).iterator();
        return batch.groups().stream()
                .map(group -> new TrainableGroup(
                        group,
                        MemberAdvantages.of(
                                group.members().size(), group.spec().layout().comparisons(), advantages)))
                .toList();
    }

    private RewardedGroup rewarded(ScoredGroup group) {
        Map<String, List<Double>> rewards = new LinkedHashMap<>();
        for (String name : weights.byName().keySet()) {
            rewards.put(
                    name,
                    group.members().stream().map(member -> score(member, name)).toList());
        }
        return new RewardedGroup(group.spec().groupId(), rewards);
    }

    private static double score(ScoredMember member, String name) {
        // The coordinator refuses training groups that lack a score.
        return Objects.requireNonNull(member.scores().get(name), name).value();
    }
}
