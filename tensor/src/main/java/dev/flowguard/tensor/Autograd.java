package dev.flowguard.tensor;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.function.UnaryOperator;

/** Backward from tensors that are not a single loss, and backward that computes again what it did not keep. */
public final class Autograd {

    /** What libtorch says when it is asked for the gradient of something that has none. */
    private static final String NO_GRAPH = "does not require grad";

    private Autograd() {}

    /**
     * Runs part of a network so that backward computes it once more instead of keeping its intermediate results: memory for
     * time (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). Only the inputs and outputs stay.
     *
     * <p>Gradients are those of {@code segment.apply(inputs)}. Inside {@link Compute#inference} it is just that. Inside
     * {@link Compute#training} the first {@link Tensor#backward} consumes what was checkpointed; it ends with the training
     * call at the latest.
     *
     * @param inputs every tensor that the segment reads and that is not there until backward; weights, which are, may be read
     *     directly, and get their gradients
     * @param segment computes the same when it is called again, and checkpoints nothing itself
     * @return the segment's results, floating, in the current scope
     * @throws IllegalStateException if called by a segment
     */
    public static List<Tensor> checkpoint(List<Tensor> inputs, UnaryOperator<List<Tensor>> segment) {
        CheckpointTape tape = Scope.tape();
        return tape == null ? segment.apply(inputs) : tape.record(inputs, segment);
    }

    /**
     * Adds to every leaf behind the outputs its gradient of {@code sum_i <outputs_i, gradients_i>}, and frees the graph.
     *
     * @param outputs results of recorded operations
     * @param gradients one for each output, of its shape
     * @throws IllegalStateException if nothing was recorded
     */
    public static void backward(List<Tensor> outputs, List<Tensor> gradients) {
        CheckpointTape tape = Scope.tape();
        if (tape == null) {
            propagate(outputs, gradients, false);
        } else {
            tape.backward(outputs, gradients);
        }
    }

    /** Backward through libtorch's graph alone. */
    static void propagate(List<Tensor> outputs, List<Tensor> gradients, boolean keepGraph) {
        if (outputs.isEmpty() || outputs.size() != gradients.size()) {
            throw new IllegalArgumentException(outputs.size() + " outputs with " + gradients.size() + " gradients");
        }
        if (outputs.size() == 1) {
            propagate(outputs.get(0), gradients.get(0), keepGraph);
            return;
        }
        // One pass through what the outputs share: the gradient of the sum of products with constants.
        try (Scope scope = Scope.open()) {
            Tensor total = outputs.get(0).mul(gradients.get(0).detach()).sum();
            for (int i = 1; i < outputs.size(); i++) {
                total = total.add(outputs.get(i).mul(gradients.get(i).detach()).sum());
            }
            propagate(total, Tensor.ones(total.device(), total.dtype()), keepGraph);
        }
    }

    private static void propagate(Tensor output, Tensor gradient, boolean keepGraph) {
        try {
            JniUtils.backward(output.array(), gradient.array(), keepGraph, false);
        } catch (EngineException e) {
            if (String.valueOf(e.getMessage()).contains(NO_GRAPH)) {
                throw new IllegalStateException(
                        "nothing was recorded: compute it inside Compute.training, from a leaf that requires a gradient",
                        e);
            }
            throw e;
        }
    }
}
