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

    /**
     * The updates of an iteration: in every epoch the groups that teach something, in their order, in {@code steps} parts as
     * equal as can be; none is empty.
     *
     * @param groups of the iteration
     * @param replayed of earlier ones, spread evenly among the others
     */
    static List<OptimizerStep> ofIteration(
            List<TrainableGroup> groups, List<TrainableGroup> replayed, int steps, int epochs) {
        List<TrainableGroup> teaching = spread(
                groups.stream()
                        .filter(group -> !group.advantages().teachNothing())
                        .toList(),
                replayed);
        int parts = Math.min(steps, teaching.size());
        List<OptimizerStep> result = new ArrayList<>();
        for (int epoch = 0; epoch < epochs; epoch++) {
            for (int part = 0; part < parts; part++) {
                result.add(new OptimizerStep(
                        teaching.subList(part * teaching.size() / parts, (part + 1) * teaching.size() / parts),
                        result.isEmpty()));
            }
        }
        return result;
    }

    private static List<TrainableGroup> spread(List<TrainableGroup> groups, List<TrainableGroup> among) {
        List<TrainableGroup> all = new ArrayList<>(groups);
        for (int i = 0; i < among.size(); i++) {
            all.add((i + 1) * groups.size() / among.size() + i, among.get(i));
        }
        return all;
    }

    /** All (member, step) tuples of the update; the loss is their mean. */
    long tuples() {
        return groups.stream().mapToLong(TrainableGroup::tuples).sum();
    }

    /** @param size most latents of a micro-batch */
    List<MicroBatch> microBatches(int size) {
        return groups.stream()
                .flatMap(group -> group.microBatches(size).stream())
                .toList();
    }
}
