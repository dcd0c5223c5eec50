package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.util.List;

/** Token ids of several prompts, checked: rows of one length, and every id in the vocabulary. */
final class TokenBatch {

    private final long[] flat;
    private final int rows;
    private final int length;

    private TokenBatch(long[] flat, int rows, int length) {
        this.flat = flat;
        this.rows = rows;
        this.length = length;
    }

    /** @param vocabularySize one more than the largest id; libtorch would read past the end of the table */
    static TokenBatch of(List<long[]> ids, int vocabularySize) {
        if (ids.isEmpty() || ids.get(0).length == 0) {
            throw new IllegalArgumentException("there are no tokens to encode");
        }
        int length = ids.get(0).length;
        long[] flat = new long[Math.multiplyExact(ids.size(), length)];
        for (int row = 0; row < ids.size(); row++) {
            check(ids.get(row), length, vocabularySize);
            System.arraycopy(ids.get(row), 0, flat, row * length, length);
        }
        return new TokenBatch(flat, ids.size(), length);
    }

    /** @throws IllegalArgumentException if the other has other rows or another length */
    void requireShapeOf(TokenBatch other) {
        if (rows != other.rows || length != other.length) {
            throw new IllegalArgumentException("the attention mask must have the shape of the ids");
        }
    }

    int rows() {
        return rows;
    }

    int length() {
        return length;
    }

    /** INT64 [B, L] */
    Tensor toTensor(Device device) {
        return Tensor.ofLongs(device, flat, rows, length);
    }

    private static void check(long[] ids, int length, int vocabularySize) {
        if (ids.length != length) {
            throw new IllegalArgumentException("sequences must have one length, not " + length + " and " + ids.length);
        }
        for (long id : ids) {
            if (id < 0 || id >= vocabularySize) {
                throw new IllegalArgumentException(
                        "token id " + id + " is outside the vocabulary of " + vocabularySize);
            }
        }
    }
}
