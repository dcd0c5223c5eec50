package dev.flowguard.learner.training;

import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.grpo.MicroBatchedVelocity;
import dev.flowguard.grpo.MicroBatchedVelocity.Range;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.coordination.ScoredMember.StoredTransition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A scored group with what its members are worth.
 *
 * @param group as it came
 * @param advantages of its members
 */
record TrainableGroup(ScoredGroup group, MemberAdvantages advantages) {

    /** How many (member, step) tuples it adds to an optimizer step. */
    long tuples() {
        return advantages.taught().stream()
                .mapToLong(member ->
                        group.spec().layout().paths().get(member).trainedSteps().size())
                .sum();
    }

    /**
     * Every trained step, the latents that it was left from in parts as they were sampled. A part in which nobody is taught is
     * left out.
     *
     * @param size most latents of a micro-batch
     */
    List<MicroBatch> microBatches(int size) {
        List<MicroBatch> batches = new ArrayList<>();
        for (int step : group.spec().layout().trainedSteps()) {
            List<Integer> trained = group.spec().layout().trainedAt(step);
            List<Integer> rows = trained.stream()
                    .map(member -> transition(member, step).from())
                    .distinct()
                    .sorted()
                    .toList();
            for (Range range : MicroBatchedVelocity.ranges(rows.size(), size)) {
                List<Integer> part = rows.subList(range.from(), range.to());
                List<Integer> members = trained.stream()
                        .filter(member -> advantages.taught().get(member))
                        .filter(member -> part.contains(transition(member, step).from()))
                        .toList();
                if (!members.isEmpty()) {
                    batches.add(new MicroBatch(this, step, part, members));
                }
            }
        }
        return batches;
    }

    /** The same group with fewer trained steps, without the rows that none of them needs. */
    TrainableGroup trainedOnly(GroupLayout fewer) {
        Rows latents = new Rows(group.latents());
        Rows means = new Rows(group.means());
        List<ScoredMember> members = new ArrayList<>();
        for (int index = 0; index < group.members().size(); index++) {
            ScoredMember member = group.members().get(index);
            List<Integer> steps = fewer.paths().get(index).trainedSteps();
            members.add(new ScoredMember(
                    member.seeds(),
                    member.transitions().stream()
                            .filter(t -> steps.contains(t.step()))
                            .map(t -> new StoredTransition(
                                    t.step(), latents.take(t.from()), latents.take(t.to()), means.take(t.mean())))
                            .toList(),
                    member.scores(),
                    null));
        }
        return new TrainableGroup(
                new ScoredGroup(
                        group.spec().with(fewer),
                        group.policyVersion(),
                        group.workerId(),
                        group.latentShape(),
                        latents.taken,
                        means.taken,
                        members,
                        group.missing(),
                        group.times()),
                advantages);
    }

    /** Rows of a table, each once, in the order in which they are first needed. */
    private static final class Rows {
        private final List<float[]> table;
        private final List<float[]> taken = new ArrayList<>();
        private final Map<Integer, Integer> places = new HashMap<>();

        private Rows(List<float[]> table) {
            this.table = table;
        }

        private int take(int row) {
            return places.computeIfAbsent(row, unknown -> {
                taken.add(table.get(row));
                return taken.size() - 1;
            });
        }
    }

    StoredTransition transition(int member, int step) {
        return group.members().get(member).transitions().stream()
                .filter(transition -> transition.step() == step)
                .findFirst()
                .orElseThrow();
    }
}
