package dev.flowguard.tensor;

import java.util.List;

/**
 * What a safetensors header says of one tensor; already checked against the file.
 *
 * @param dtype the type of the elements
 * @param shape the sizes, outermost dimension first
 * @param offset where the first byte lies, counted from the end of the header
 * @param byteCount the bytes of all elements
 */
public record TensorInfo(DType dtype, List<Long> shape, long offset, long byteCount) {

    /** Copies the shape. */
    public TensorInfo {
        shape = List.copyOf(shape);
    }

    /** The shape as the array that {@link Tensor}'s methods take. */
    public long[] sizes() {
        return shape.stream().mapToLong(Long::longValue).toArray();
    }
}
