package dev.flowguard.learner.training;

import dev.flowguard.grpo.GroupAdvantages;
import dev.flowguard.learner.coordination.ScoredGroup;
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

    /** One micro-batch a stochastic step. */
    List<MicroBatch> microBatches() {
        return group.spec().stochasticSteps().stream()
                .map(step -> new MicroBatch(this, group.spec().stochasticSteps().indexOf(step)))
                .toList();
    }
}
