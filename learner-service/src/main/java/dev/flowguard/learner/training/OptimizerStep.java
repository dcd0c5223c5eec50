package dev.flowguard.learner.training;

import java.util.ArrayList;
import java.util.List;

/**
 * The whole groups that one update of the weights is made of.
 *
 * @param groups at least one
 * @param first whether it is the iteration's first: until it is applied, the weights are those that sampled
 */
record OptimizerStep(List<TrainableGroup> groups, boolean first) {
    OptimizerStep {
        groups = List.copyOf(groups);
    }

    /** Divides an iteration's groups, in their order, into {@code steps} parts as equal as can be; none is empty. */
    static List<OptimizerStep> divide(List<TrainableGroup> groups, int steps) {
        int parts = Math.min(steps, groups.size());
        List<OptimizerStep> result = new ArrayList<>();
        for (int part = 0; part < parts; part++) {
            result.add(new OptimizerStep(
                    groups.subList(part * groups.size() / parts, (part + 1) * groups.size() / parts), part == 0));
        }
        return result;
    }

    /** All (member, step) tuples of the update; the loss is their mean. */
    long tuples() {
        return groups.stream().mapToLong(TrainableGroup::tuples).sum();
    }

    /** @param size most members of a micro-batch */
    List<MicroBatch> microBatches(int size) {
        return groups.stream()
                .flatMap(group -> group.microBatches(size).stream())
                .toList();
    }
}
