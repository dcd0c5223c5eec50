package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.util.Map;

/** A component in memory, under Python's names. Owns its tensors. */
public interface LoadedComponent extends AutoCloseable {

    /** What gradients can be taken of, by name. */
    Map<String, Tensor> parameters();

    /**
     * Computes every output of the signature, inside a {@link dev.flowguard.tensor.Scope} and on one thread at a time.
     *
     * @param inputs the arguments of the signature on the component's device, FLOAT32 or INT64
     * @return by name, FLOAT32, in the current scope
     * @throws IllegalArgumentException if the inputs do not fit the signature or the network
     */
    Map<String, Tensor> call(Map<String, Tensor> inputs);

    @Override
    void close();
}
