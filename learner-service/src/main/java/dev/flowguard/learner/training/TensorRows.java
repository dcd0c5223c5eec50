package dev.flowguard.learner.training;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Between tables of latents in Java's memory, one array a row, and tensors. */
final class TensorRows {
    private TensorRows() {}

    /**
     * Rows as a batch.
     *
     * @param latentShape {@code [C, H, W]}
     * @return {@code [rows, C, H, W]}, fp32, in the current scope
     */
    static Tensor batch(Device device, List<float[]> rows, List<Long> latentShape) {
        int elements = rows.get(0).length;
        float[] batch = new float[Math.multiplyExact(rows.size(), elements)];
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i), 0, batch, i * elements, elements);
        }
        long[] shape = new long[1 + latentShape.size()];
        shape[0] = rows.size();
        for (int i = 1; i < shape.length; i++) {
            shape[i] = latentShape.get(i - 1);
        }
        return Tensor.of(device, batch, shape);
    }

    /** The rows of a batch {@code [rows, ...]}, fp32. */
    static List<float[]> of(Tensor batch) {
        float[] values = batch.toFloats();
        int elements = values.length / Math.toIntExact(batch.size(0));
        List<float[]> rows = new ArrayList<>();
        for (int from = 0; from < values.length; from += elements) {
            rows.add(Arrays.copyOfRange(values, from, from + elements));
        }
        return rows;
    }
}
