package dev.flowguard.learner.training;

import dev.flowguard.grpo.MicroBatchedVelocity;
import dev.flowguard.grpo.StepBatch;
import dev.flowguard.grpo.TrainedMember;
import dev.flowguard.grpo.Transition;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.coordination.ScoredMember.StoredTransition;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * One stochastic step of some members of a group: the same batch geometry as when it was sampled, so that the first update's
 * ratios are 1 to the last bit.
 *
 * @param of the group
 * @param stepIndex which of its stochastic steps, from 0
 * @param range which of its members
 */
record MicroBatch(TrainableGroup of, int stepIndex, MicroBatchedVelocity.Range range) {

    /** Index of the step in the schedule. */
    int step() {
        return of.group().spec().stochasticSteps().get(stepIndex);
    }

    String prompt() {
        return of.group().members().get(0).seeds().prompt();
    }

    int members() {
        return range.members();
    }

    /** The latents x that the step began with, {@code [B, C, H, W]} in the current scope. */
    Tensor latents(Device device) {
        return rows(device, of.group().latents(), StoredTransition::from);
    }

    /** The step as it was sampled, with its weight in the loss, in the current scope. */
    StepBatch sampled(Transition transition, double weight, Device device) {
        ScoredGroup group = of.group();
        List<TrainedMember> trained = IntStream.range(range.from(), range.to())
                .mapToObj(member -> new TrainedMember(
                        group.spec().groupId(), member, of.advantages().values().get(member)))
                .toList();
        return new StepBatch(
                transition,
                weight,
                trained,
                rows(device, group.latents(), StoredTransition::to),
                rows(device, group.means(), StoredTransition::mean));
    }

    private Tensor rows(Device device, List<float[]> table, ToIntFunction<StoredTransition> row) {
        ScoredGroup group = of.group();
        int elements = table.get(0).length;
        float[] batch = new float[members() * elements];
        for (int member = 0; member < members(); member++) {
            ScoredMember scored = group.members().get(range.from() + member);
            float[] values = table.get(row.applyAsInt(scored.transitions().get(stepIndex)));
            System.arraycopy(values, 0, batch, member * elements, elements);
        }
        long[] shape = new long[1 + group.latentShape().size()];
        shape[0] = members();
        for (int i = 1; i < shape.length; i++) {
            shape[i] = group.latentShape().get(i - 1);
        }
        return Tensor.of(device, batch, shape);
    }
}
