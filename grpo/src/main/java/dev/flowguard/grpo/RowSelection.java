package dev.flowguard.grpo;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which row of a table each of several members uses. Members that share a row share what was computed for it: a latent, a
 * velocity, a mean.
 *
 * @param rows one a member, each at least 0
 */
public record RowSelection(List<Integer> rows) {

    public RowSelection {
        rows = List.copyOf(rows);
    }

    /** Every row once, in order. */
    public static RowSelection all(int rows) {
        return new RowSelection(IntStream.range(0, rows).boxed().toList());
    }

    /**
     * The rows of a table, bit for bit and with its graph.
     *
     * @param table {@code [R, ...]}, fp32
     * @return {@code [members, ...]}; the table itself where every row is used once, in order
     */
    public Tensor of(Tensor table) {
        int available = Math.toIntExact(table.size(0));
        if (rows.size() == available && equals(all(available))) {
            return table;
        }
        for (int row : rows) {
            if (row < 0 || row >= available) {
                throw new IndexOutOfBoundsException("row " + row + " of " + available);
            }
        }
        long[] shape = table.shape();
        long[] selected = shape.clone();
        selected[0] = rows.size();
        Tensor ids = Tensor.ofLongs(
                table.device(), rows.stream().mapToLong(Integer::longValue).toArray(), rows.size());
        long elements = Arrays.stream(shape).skip(1).reduce(1, Math::multiplyExact);
        return Ops.embedding(ids, table.reshape(available, elements)).reshape(selected);
    }
}
