package dev.flowguard.cli.parity;

import dev.flowguard.tensor.Tensor;
import java.util.Arrays;

/**
 * How far one tensor of ours is from the reference.
 *
 * @param entry its name in the reference file
 * @param shape of both
 * @param maxAbsolute largest distance of two elements; infinite if any is not a number
 * @param scale what that is divided by: the largest element of the reference, by absolute value, or a floor
 * @param tolerance largest relative distance that passes
 */
record Comparison(String entry, String shape, double maxAbsolute, double scale, double tolerance) {

    /** @param floor the least scale */
    static Comparison of(String entry, Tensor expected, Tensor actual, double floor, double tolerance) {
        double distance = largest(actual.sub(expected));
        return new Comparison(
                entry,
                Arrays.toString(expected.shape()),
                Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance,
                Math.max(largest(expected), floor),
                tolerance);
    }

    /** The largest absolute value of a tensor's elements, NaN if any of them is. */
    static double largest(Tensor tensor) {
        if (tensor.elementCount() == 0) {
            return 0;
        }
        Tensor flat = tensor.abs().reshape(-1);
        long at = flat.argmax(0).toLongs()[0];
        return flat.slice(0, at, at + 1).toFloats()[0];
    }

    /** Largest distance relative to the scale; where that is 0 nothing but equality is close. */
    double maxRelative() {
        return maxAbsolute == 0 ? 0 : maxAbsolute / scale;
    }

    boolean passed() {
        return maxRelative() <= tolerance;
    }
}
