package dev.flowguard.learner.training;

import dev.flowguard.grpo.ExperimentalReplay;
import dev.flowguard.grpo.ExperimentalReplay.Candidate;
import dev.flowguard.grpo.RewardWeights;
import dev.flowguard.learner.coordination.GroupSpec;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.coordination.ScoredMember.StoredTransition;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/**
 * Groups of earlier iterations that may be trained on once more, with the steps that are. Never more than {@code groups *
 * max_age} of them. All of it is part of every checkpoint, so that a resumed run replays what the run that never stopped would
 * have. Used by the loop's thread.
 */
final class ReplayBuffer {
    private final ExperimentalReplay replay;
    private final RewardWeights weights;
    private final int steps;
    private final LongFunction<GroupSpec> specs;
    private final Map<Long, Kept> kept = new TreeMap<>();

    /**
     * @param replay what is kept and selected
     * @param weights of the rewards that groups are selected by
     * @param steps T of the schedule
     * @param specs the run's training groups by their ids
     */
    ReplayBuffer(ExperimentalReplay replay, RewardWeights weights, int steps, LongFunction<GroupSpec> specs) {
        this.replay = replay;
        this.weights = weights;
        this.steps = steps;
        this.specs = specs;
    }

    private record Kept(TrainableGroup group, Candidate candidate) {}

    /**
     * What a checkpoint says of a group; latents and means lie beside it. Seeds, prompt and layout follow from its id.
     *
     * @param group its id
     * @param policyVersion the version that sampled it
     * @param reward that it is selected by
     * @param advantages of its members
     * @param taught the members that are trained on
     * @param transitions of each member, as rows of the tables
     */
    record Stored(
            long group,
            long policyVersion,
            double reward,
            List<Double> advantages,
            List<Integer> taught,
            List<List<StoredTransition>> transitions) {}

    /** Takes the groups of an iteration that a later one may want, and lets those go that none will want any more. */
    void keep(int iteration, List<TrainableGroup> groups) {
        for (TrainableGroup group : groups) {
            TrainableGroup again =
                    group.trainedOnly(replay.kept(group.group().spec().layout(), steps));
            // With a score missing, its mean cannot be held against those of others.
            if (again.tuples() > 0 && complete(again.group())) {
                ScoredGroup scored = again.group();
                add(again, new Candidate(scored.spec().groupId(), scored.spec().iteration(), reward(scored)));
            }
        }
        List<Candidate> wanted = replay.worthKeeping(candidates(), iteration);
        kept.values().removeIf(group -> !wanted.contains(group.candidate()));
    }

    private void add(TrainableGroup group, Candidate candidate) {
        kept.put(candidate.groupId(), new Kept(group, candidate));
    }

    private List<Candidate> candidates() {
        return kept.values().stream().map(Kept::candidate).toList();
    }

    private boolean complete(ScoredGroup group) {
        return group.members().stream()
                .allMatch(member ->
                        member.scores().keySet().containsAll(weights.byName().keySet()));
    }

    private double reward(ScoredGroup group) {
        double reward = 0;
        for (Map.Entry<String, Double> weight : weights.byName().entrySet()) {
            reward += weight.getValue()
                    * group.members().stream()
                            .map(member -> member.scores().get(weight.getKey()))
                            .mapToDouble(score -> Objects.requireNonNull(score).value())
                            .average()
                            .orElseThrow();
        }
        return reward;
    }

    /** The groups to train on once more in this iteration, as they were sampled. */
    List<TrainableGroup> select(int iteration) {
        return replay.select(candidates(), iteration).stream()
                .map(candidate ->
                        Objects.requireNonNull(kept.get(candidate.groupId())).group())
                .toList();
    }

    /** Lets a group go. */
    void drop(long groupId) {
        kept.remove(groupId);
    }

    int size() {
        return kept.size();
    }

    /** For a checkpoint, by rising id. */
    List<Stored> stored() {
        return kept.values().stream()
                .map(each -> new Stored(
                        each.candidate().groupId(),
                        each.group().group().policyVersion(),
                        each.candidate().reward(),
                        each.group().advantages().values(),
                        each.group().advantages().taught().stream().boxed().toList(),
                        each.group().group().members().stream()
                                .map(ScoredMember::transitions)
                                .toList()))
                .toList();
    }

    /** The tables that belong to it, in the current scope. */
    Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        kept.forEach((id, each) -> {
            ScoredGroup group = each.group().group();
            tensors.put(latents(id), table(group.latents(), group.latentShape()));
            tensors.put(means(id), table(group.means(), group.latentShape()));
        });
        return tensors;
    }

    /**
     * Continues with what a checkpoint holds, in place of what is here.
     *
     * @param tensors the tables by their names
     */
    void restore(List<Stored> stored, Function<String, Tensor> tensors) {
        kept.clear();
        for (Stored each : stored) {
            GroupSpec spec = specs.apply(each.group());
            Tensor latents = tensors.apply(latents(each.group()));
            BitSet taught = new BitSet();
            each.taught().forEach(taught::set);
            List<ScoredMember> members = new ArrayList<>();
            for (int member = 0; member < spec.members().size(); member++) {
                members.add(new ScoredMember(
                        spec.members().get(member), each.transitions().get(member), Map.of(), null));
            }
            ScoredGroup group = new ScoredGroup(
                    spec.with(replay.kept(spec.layout(), steps)),
                    each.policyVersion(),
                    "",
                    IntStream.range(1, latents.shape().length)
                            .mapToObj(latents::size)
                            .toList(),
                    TensorRows.of(latents),
                    TensorRows.of(tensors.apply(means(each.group()))),
                    members,
                    List.of(),
                    new ScoredGroup.Times(0, 0, 0));
            add(
                    new TrainableGroup(group, new MemberAdvantages(each.advantages(), taught, 0, 0)),
                    new Candidate(each.group(), spec.iteration(), each.reward()));
        }
    }

    private static Tensor table(List<float[]> rows, List<Long> latentShape) {
        return TensorRows.batch(Device.cpu(), rows, latentShape);
    }

    private static String latents(long group) {
        return group + ".latents";
    }

    private static String means(long group) {
        return group + ".means";
    }
}
