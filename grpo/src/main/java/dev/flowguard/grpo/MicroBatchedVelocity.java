package dev.flowguard.grpo;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A policy that takes a batch in parts, one after the other: the largest batch that fits into memory need not be the group.
 *
 * <p>A forward pass in another batch geometry rounds differently, so sampling and training take the same parts.
 */
public final class MicroBatchedVelocity implements VelocityField {
    private final List<VelocityField> parts;
    private final int size;

    /**
     * @param parts the policy for each part of the batch, in order, as {@link #ranges} cuts it
     * @param size members of every part but the last, which may have fewer
     */
    public MicroBatchedVelocity(List<VelocityField> parts, int size) {
        this.parts = List.copyOf(parts);
        this.size = size;
    }

    /**
     * Members from (inclusive) to (exclusive).
     *
     * @param from first member
     * @param to the member after the last
     */
    public record Range(int from, int to) {
        /** How many members it has. */
        public int members() {
            return to - from;
        }
    }

    /** How a batch of so many members is cut into parts of at most {@code size}. */
    public static List<Range> ranges(int members, int size) {
        List<Range> ranges = new ArrayList<>();
        for (int from = 0; from < members; from += size) {
            ranges.add(new Range(from, Math.min(members, from + size)));
        }
        return ranges;
    }

    @Override
    public Tensor velocity(Tensor latents, double sigma) {
        List<Range> ranges = ranges(Math.toIntExact(latents.size(0)), size);
        if (ranges.size() != parts.size()) {
            throw new IllegalArgumentException(
                    latents.size(0) + " members make " + ranges.size() + " parts, not " + parts.size());
        }
        if (parts.size() == 1) {
            return parts.get(0).velocity(latents, sigma);
        }
        try (Scope scope = Scope.open()) {
            List<Tensor> velocities = new ArrayList<>();
            for (int i = 0; i < parts.size(); i++) {
                try (Scope part = Scope.open()) {
                    Range range = ranges.get(i);
                    velocities.add(parts.get(i)
                            .velocity(latents.slice(0, range.from(), range.to()), sigma)
                            .keep());
                }
            }
            return Ops.concat(velocities, 0).keep();
        }
    }
}
