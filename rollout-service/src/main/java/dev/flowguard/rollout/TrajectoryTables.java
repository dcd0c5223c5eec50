package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.flowguard.grpo.StochasticStep;
import dev.flowguard.proto.v1.Transition;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * A trajectory as it travels: a table of latents, a table of means, and each member's transitions pointing into them. A
 * latent that two steps share, as where one ends and the next begins, or that several members leave from, is there once.
 *
 * @param latents rows of C*H*W fp32, little-endian; the members of one noise level are consecutive
 * @param means rows as above
 * @param transitions by member, then by rising step
 */
record TrajectoryTables(List<ByteString> latents, List<ByteString> means, List<List<Transition>> transitions) {

    TrajectoryTables {
        latents = List.copyOf(latents);
        means = List.copyOf(means);
        transitions = List.copyOf(transitions);
    }

    /** The tables of a batch's stochastic steps; reads the tensors, which may be closed afterwards. */
    static TrajectoryTables of(List<StochasticStep> steps, int members) {
        List<ByteString> latents = new ArrayList<>();
        List<ByteString> means = new ArrayList<>();
        List<List<Transition>> transitions = new ArrayList<>();
        for (int member = 0; member < members; member++) {
            transitions.add(new ArrayList<>());
        }
        IdentityHashMap<Tensor, Integer> firstRow = new IdentityHashMap<>();
        for (StochasticStep step : steps) {
            int from = firstRow.computeIfAbsent(step.latents(), batch -> append(latents, batch));
            int to = firstRow.computeIfAbsent(step.next(), batch -> append(latents, batch));
            int mean = append(means, step.mean());
            for (int i = 0; i < step.members().size(); i++) {
                int shared = step.from().rows().get(i);
                transitions
                        .get(step.members().get(i))
                        .add(Transition.newBuilder()
                                .setStep(step.transition().step())
                                .setFromLatent(from + shared)
                                .setToLatent(to + i)
                                .setMean(mean + shared)
                                .build());
            }
        }
        return new TrajectoryTables(latents, means, transitions);
    }

    /** The rows of a batch [B, ...], one a member, sharing one copy of its bytes. */
    static List<ByteString> rows(Tensor batch) {
        ByteString bytes = UnsafeByteOperations.unsafeWrap(batch.toBytes());
        int members = Math.toIntExact(batch.size(0));
        int rowBytes = bytes.size() / members;
        List<ByteString> rows = new ArrayList<>();
        for (int member = 0; member < members; member++) {
            rows.add(bytes.substring(member * rowBytes, (member + 1) * rowBytes));
        }
        return rows;
    }

    private static int append(List<ByteString> table, Tensor batch) {
        int first = table.size();
        table.addAll(rows(batch));
        return first;
    }
}
