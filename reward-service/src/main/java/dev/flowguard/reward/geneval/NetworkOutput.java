package dev.flowguard.reward.geneval;

import java.util.List;

/**
 * One tensor that a detector gave.
 *
 * @param shape length of each axis
 * @param numbers in row-major order
 */
record NetworkOutput(List<Long> shape, Numbers numbers) {

    /** The numbers of a tensor; true is 1. */
    @FunctionalInterface
    interface Numbers {

        float at(int index);
    }

    NetworkOutput {
        shape = List.copyOf(shape);
    }

    int rank() {
        return shape.size();
    }

    /** Length of an axis, counted from the last: 1 is the last one. */
    int sizeFromLast(int axis) {
        return Math.toIntExact(shape.get(shape.size() - axis));
    }

    /** How many numbers there are. */
    long count() {
        return shape.stream().reduce(1L, Math::multiplyExact);
    }
}
