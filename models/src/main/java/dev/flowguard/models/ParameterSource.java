package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;

/** Where a network takes its tensors from while it is being built: a checkpoint, or nothing but a seed. */
interface ParameterSource {

    /**
     * The tensor of that name, FLOAT32, in the current scope.
     *
     * @throws dev.flowguard.tensor.InputException if a checkpoint has none of this name, shape and a floating type
     */
    Tensor take(String name, Initializer initializer, long... shape);

    /** The tensor of that name, FLOAT32, or {@code initial} if there is no checkpoint; in the current scope. */
    Tensor takeBuffer(String name, float[] initial, long... shape);
}
