package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.Map;

/**
 * How one class of networks is called by names, as its Python original is.
 *
 * @param <N> the class
 */
interface NamedNetwork<N extends Network> {

    /** What goes in and what comes out. */
    Signature signature();

    /** Which of the options are for this class. */
    WeightOptions weights(LoadOptions options);

    /** Reads the weights. */
    N load(Path directory, WeightOptions options);

    /** The parameters, by the names that Python gives them. */
    default Map<String, Tensor> parameters(N network) {
        return network.parameters();
    }

    /** Computes every output of the signature: by name, FLOAT32, in the current scope. */
    Map<String, Tensor> call(N network, NamedTensors inputs);
}
