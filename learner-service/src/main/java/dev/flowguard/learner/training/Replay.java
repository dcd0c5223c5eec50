package dev.flowguard.learner.training;

import dev.flowguard.grpo.ExperimentalReplay;
import dev.flowguard.grpo.RewardWeights;
import dev.flowguard.grpo.StepDiagnostics;
import dev.flowguard.learner.coordination.GroupSpec;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.coordination.ScoredMember.StoredTransition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings groups of earlier iterations to the updates once more ({@link ExperimentalReplay}); off unless the recipe asks for it.
 * Used by the loop's thread.
 */
final class Replay {
    private static final Logger log = LoggerFactory.getLogger(Replay.class);

    /** No mean: nobody who left that row is trained on. */
    private static final int UNUSED = -1;

    private final @Nullable ExperimentalReplay settings;
    private final @Nullable ReplayBuffer buffer;
    private final PolicyTrainer trainer;

    /**
     * @param settings null for no replay
     * @param weights of the rewards that groups are selected by
     * @param steps T of the schedule
     * @param specs the run's training groups by their ids
     */
    Replay(
            @Nullable ExperimentalReplay settings,
            RewardWeights weights,
            int steps,
            LongFunction<GroupSpec> specs,
            PolicyTrainer trainer) {
        this.settings = settings;
        this.buffer = settings == null ? null : new ReplayBuffer(settings, weights, steps, specs);
        this.trainer = trainer;
    }

    /** What a checkpoint must hold of it; null where there is no replay. */
    @Nullable
    ReplayBuffer buffer() {
        return buffer;
    }

    /** Remembers what an iteration was trained on. */
    void keep(int iteration, List<TrainableGroup> groups) {
        if (buffer != null) {
            buffer.keep(iteration, groups);
        }
    }

    /**
     * The groups to train on once more, as if the policy that begins this iteration had sampled them.
     *
     * @param statistics told of them
     */
    List<TrainableGroup> groups(int iteration, LearningStatistics statistics) {
        List<TrainableGroup> again = new ArrayList<>();
        if (settings == null || buffer == null) {
            return again;
        }
        List<Double> weights = new ArrayList<>();
        for (TrainableGroup group : buffer.select(iteration)) {
            try {
                again.add(anchored(group, settings, iteration, weights));
            } catch (NonFiniteException e) {
                long id = group.group().spec().groupId();
                log.error("group {} is not replayed in iteration {}: {}", id, iteration + 1, e.getMessage());
                buffer.drop(id);
            }
        }
        statistics.replayed(again.size(), weights);
        return again;
    }

    private record Leaving(int step, int latent) {}

    /**
     * The group with the policy's means in place of those that it was sampled with, and what lies between the two as a factor
     * of the advantages.
     */
    private TrainableGroup anchored(
            TrainableGroup group, ExperimentalReplay replay, int iteration, List<Double> allWeights)
            throws NonFiniteException {
        List<float[]> means = new ArrayList<>();
        Map<Leaving, Integer> meanOf = new HashMap<>();
        List<StepDiagnostics> seen = new ArrayList<>();
        for (PolicyTrainer.Anchor anchor : trainer.anchors(group)) {
            for (int row = 0; row < anchor.means().size(); row++) {
                meanOf.put(
                        new Leaving(anchor.batch().step(), anchor.batch().rows().get(row)), means.size());
                means.add(anchor.means().get(row));
            }
            seen.add(anchor.seen());
        }
        Map<Integer, Double> weights = replay.importanceWeights(seen);
        allWeights.addAll(weights.values());
        ScoredGroup sampled = group.group();
        List<ScoredMember> members = sampled.members().stream()
                .map(member -> new ScoredMember(
                        member.seeds(),
                        member.transitions().stream()
                                .map(t -> new StoredTransition(
                                        t.step(),
                                        t.from(),
                                        t.to(),
                                        meanOf.getOrDefault(new Leaving(t.step(), t.from()), UNUSED)))
                                .toList(),
                        member.scores(),
                        null))
                .toList();
        List<Double> advantages = IntStream.range(0, members.size())
                .mapToObj(member -> group.advantages().values().get(member) * weights.getOrDefault(member, 1.0))
                .toList();
        return new TrainableGroup(
                new ScoredGroup(
                        sampled.spec(),
                        iteration,
                        sampled.workerId(),
                        sampled.latentShape(),
                        sampled.latents(),
                        means,
                        members,
                        sampled.missing(),
                        sampled.times()),
                new MemberAdvantages(
                        advantages,
                        group.advantages().taught(),
                        group.advantages().comparisons(),
                        group.advantages().tied()));
    }
}
