package dev.flowguard.benchmarks.eager;

import java.util.Map;
import java.util.Objects;

/**
 * What one forward and backward computed.
 *
 * @param values the loss, the velocity, and the gradient of every adapter tensor, by name, row-major
 */
record Outcome(Map<String, float[]> values) {

    static final String LOSS = "loss";
    static final String VELOCITY = "velocity";
    static final String GRADIENT = "gradient.";

    /** Gradients of more elements are left out: those of whole weight matrices would not fit into the heap. */
    static final long LARGEST = 1 << 20;

    /**
     * The largest distance of two values of one name, relative to the other's norm.
     *
     * @throws IllegalStateException if the names or sizes differ
     */
    double distanceTo(Outcome other) {
        if (!values.keySet().equals(other.values.keySet())) {
            throw new IllegalStateException("one side has " + values.keySet() + ", the other " + other.values.keySet());
        }
        double largest = 0;
        for (Map.Entry<String, float[]> entry : values.entrySet()) {
            String name = entry.getKey();
            float[] theirs = Objects.requireNonNull(other.values.get(name), name);
            largest = Math.max(largest, distance(name, entry.getValue(), theirs));
        }
        return largest;
    }

    private static double distance(String name, float[] ours, float[] theirs) {
        if (ours.length != theirs.length) {
            throw new IllegalStateException(name + " has " + ours.length + " and " + theirs.length + " elements");
        }
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < ours.length; i++) {
            difference += Math.pow(ours[i] - (double) theirs[i], 2);
            norm += Math.pow(theirs[i], 2);
        }
        if (norm == 0) {
            // So it is for the context's queries in the last block, whose results nobody reads.
            return difference == 0 ? 0 : Double.POSITIVE_INFINITY;
        }
        // NaN must not vanish in a maximum.
        double relative = Math.sqrt(difference / norm);
        return Double.isNaN(relative) ? Double.POSITIVE_INFINITY : relative;
    }
}
