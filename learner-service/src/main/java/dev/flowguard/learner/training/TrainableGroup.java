package dev.flowguard.learner.training;

import dev.flowguard.grpo.GroupAdvantages;
import dev.flowguard.grpo.MicroBatchedVelocity;
import dev.flowguard.grpo.MicroBatchedVelocity.Range;
import dev.flowguard.learner.coordination.ScoredGroup;
import java.util.ArrayList;
import java.util.List;

/**
 * A scored group with what its members are worth. Its members differ in worth: a tied group teaches nothing.
 *
 * @param group as it came
 * @param advantages in the order of its members
 */
record TrainableGroup(ScoredGroup group, GroupAdvantages advantages) {

    /** How many (member, step) tuples it adds to an optimizer step. */
    long tuples() {
        return (long) group.members().size() * group.spec().stochasticSteps().size();
    }

    /**
     * Every stochastic step, the members in parts.
     *
     * @param size most members of a micro-batch
     */
    List<MicroBatch> microBatches(int size) {
        List<MicroBatch> batches = new ArrayList<>();
        for (int step = 0; step < group.spec().stochasticSteps().size(); step++) {
            for (Range range : MicroBatchedVelocity.ranges(group.members().size(), size)) {
                batches.add(new MicroBatch(this, step, range));
            }
        }
        return batches;
    }
}
