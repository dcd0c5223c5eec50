package dev.flowguard.tensor;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;

/** Backward from tensors that are not a single loss: the vector-Jacobian product that checkpointing by block needs. */
public final class Autograd {

    /** What libtorch says when it is asked for the gradient of something that has none. */
    private static final String NO_GRAPH = "does not require grad";

    private Autograd() {}

    /**
     * Adds to every leaf behind the outputs its gradient of {@code sum_i <outputs_i, gradients_i>}, and frees the graph.
     *
     * @param outputs results of recorded operations
     * @param gradients one for each output, of its shape
     * @throws IllegalStateException if nothing was recorded
     */
    public static void backward(List<Tensor> outputs, List<Tensor> gradients) {
        if (outputs.isEmpty() || outputs.size() != gradients.size()) {
            throw new IllegalArgumentException(outputs.size() + " outputs with " + gradients.size() + " gradients");
        }
        if (outputs.size() == 1) {
            backward(outputs.get(0), gradients.get(0));
            return;
        }
        // One pass through what the outputs share: the gradient of the sum of products with constants.
        try (Scope scope = Scope.open()) {
            Tensor total = outputs.get(0).mul(gradients.get(0).detach()).sum();
            for (int i = 1; i < outputs.size(); i++) {
                total = total.add(outputs.get(i).mul(gradients.get(i).detach()).sum());
            }
            total.backward();
        }
    }

    private static void backward(Tensor output, Tensor gradient) {
        try {
            JniUtils.backward(output.array(), gradient.array(), false, false);
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
