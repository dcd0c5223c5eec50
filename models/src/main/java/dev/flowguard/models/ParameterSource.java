package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Tensor;
import java.util.function.Supplier;

/** Where a network takes its tensors from while it is being built: a checkpoint, or nothing but a seed. */
interface ParameterSource {

    /** What the network is to compute in: the type of all its tensors, but those that a layer wants in another one. */
    DType dtype();

    /**
     * The tensor of that name, in the type asked for and in the current scope. A checkpoint that has none of this name and
     * shape gives a stand-in of that shape, remembers the complaint, and makes it once the network is built.
     */
    Tensor take(String name, DType dtype, Initializer initializer, long... shape);

    /** The tensor of that name as {@link #take} gives it, or {@code initial} if there is no checkpoint. */
    Tensor takeBuffer(String name, DType dtype, Supplier<float[]> initial, long... shape);
}
