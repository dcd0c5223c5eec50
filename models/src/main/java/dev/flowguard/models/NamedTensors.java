package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The arguments of one call, checked against the signature. */
record NamedTensors(Map<String, Tensor> tensors) {

    /** One that the signature requires. */
    Tensor get(String name) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException(name + " is missing");
        }
        return tensor;
    }

    /** One that may be left out. */
    @Nullable
    Tensor find(String name) {
        return tensors.get(name);
    }

    /** The rows of an INT64 tensor [B, L] that the signature requires. */
    List<long[]> rows(String name) {
        return rowsOf(get(name));
    }

    /** The rows of an INT64 tensor [B, L] that may be left out. */
    @Nullable
    List<long[]> findRows(String name) {
        Tensor tensor = find(name);
        return tensor == null ? null : rowsOf(tensor);
    }

    private static List<long[]> rowsOf(Tensor tensor) {
        long[] flat = tensor.toLongs();
        int length = Math.toIntExact(tensor.size(1));
        List<long[]> rows = new ArrayList<>();
        for (int start = 0; start < flat.length; start += length) {
            rows.add(Arrays.copyOfRange(flat, start, start + length));
        }
        return rows;
    }
}
