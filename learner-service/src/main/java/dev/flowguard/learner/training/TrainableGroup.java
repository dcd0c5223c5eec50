package dev.flowguard.learner.training;

import dev.flowguard.grpo.MicroBatchedVelocity;
import dev.flowguard.grpo.MicroBatchedVelocity.Range;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember.StoredTransition;
import java.util.ArrayList;
import java.util.List;

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

    StoredTransition transition(int member, int step) {
        return group.members().get(member).transitions().stream()
                .filter(transition -> transition.step() == step)
                .findFirst()
                .orElseThrow();
    }
}
