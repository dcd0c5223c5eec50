package dev.flowguard.learner.training;

import dev.flowguard.grpo.RowSelection;
import dev.flowguard.grpo.StepBatch;
import dev.flowguard.grpo.TrainedMember;
import dev.flowguard.grpo.Transition;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember.StoredTransition;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * One trained step of some members of a group: the same batch geometry as when it was sampled, so that the first update's
 * ratios are 1 to the last bit. Members that left the same latents share their row, and the velocity there is computed once.
 *
 * @param of the group
 * @param step its index in the schedule
 * @param rows of the group's latents, rising: x, each once. Some may have been left by tied members alone, and are here for
 *     the geometry
 * @param members who are trained, rising; each left one of these rows
 */
record MicroBatch(TrainableGroup of, int step, List<Integer> rows, List<Integer> members) {
    MicroBatch {
        rows = List.copyOf(rows);
        members = List.copyOf(members);
    }

    String prompt() {
        return of.group().members().get(0).seeds().prompt().text();
    }

    /** The latents x that the step began with, {@code [rows, C, H, W]} in the current scope. */
    Tensor latents(Device device) {
        return table(device, of.group().latents(), rows);
    }

    /** Which of the rows each member left. */
    RowSelection from() {
        return new RowSelection(members.stream()
                .map(member -> rows.indexOf(of.transition(member, step).from()))
                .toList());
    }

    /** The step as it was sampled, one row a member, with its weight in the loss, in the current scope. */
    StepBatch sampled(Transition transition, double weight, Device device) {
        ScoredGroup group = of.group();
        List<TrainedMember> trained = members.stream()
                .map(member -> new TrainedMember(
                        group.spec().groupId(), member, of.advantages().values().get(member)))
                .toList();
        return new StepBatch(
                transition,
                weight,
                trained,
                table(device, group.latents(), each(StoredTransition::to)),
                table(device, group.means(), each(StoredTransition::mean)));
    }

    private List<Integer> each(ToIntFunction<StoredTransition> row) {
        return members.stream()
                .map(member -> row.applyAsInt(of.transition(member, step)))
                .toList();
    }

    private Tensor table(Device device, List<float[]> table, List<Integer> chosen) {
        return TensorRows.batch(
                device, chosen.stream().map(table::get).toList(), of.group().latentShape());
    }
}
