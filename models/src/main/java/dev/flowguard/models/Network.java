package dev.flowguard.models;

import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * A neural network whose tensors carry the names that diffusers and transformers give them, and which owns those tensors.
 *
 * <p>Forward passes run inside a {@link dev.flowguard.tensor.Scope}, on one thread at a time; building and loading may happen
 * anywhere, as no scope owns what a network owns.
 *
 * <p>A network computes in one type, {@link #dtype}, which its weights have; what it takes and gives is FLOAT32. Each
 * subclass casts at that border and nowhere else, but for the places where the Python classes widen.
 */
public abstract sealed class Network implements AutoCloseable
        permits Sd3Transformer,
                FluxTransformer,
                ClipTextEncoder,
                ClipModel,
                T5Encoder,
                AutoencoderKl,
                ImageRewardModel {

    /** The name of the weights' file in diffusers and in transformers. */
    static final String DIFFUSERS_WEIGHTS = "diffusion_pytorch_model";

    static final String TRANSFORMERS_WEIGHTS = "model";

    private final DType dtype;
    private final Map<String, Tensor> parameters;
    private final Map<String, Tensor> buffers;
    private final Map<String, Linear> linears;
    private final Adapters adapters = new Adapters(this);

    Network(NetworkBuilder.Contents contents) {
        this.dtype = contents.dtype;
        this.parameters = Collections.unmodifiableMap(contents.parameters);
        this.buffers = Collections.unmodifiableMap(contents.buffers);
        this.linears = Collections.unmodifiableMap(contents.linears);
    }

    /** Builds a network in a scope of its own and takes its tensors out of it, or none if building fails. */
    static <N extends Network> N build(ParameterSource source, Function<NetworkBuilder, N> constructor) {
        try (Scope scope = Scope.open()) {
            N network = constructor.apply(NetworkBuilder.root(source));
            network.state().values().forEach(Tensor::unscoped);
            return network;
        }
    }

    /** What it computes in, and the type of its weights. */
    public final DType dtype() {
        return dtype;
    }

    /** What training may change, by name, in the order of construction; without adapters. Still owned by the network. */
    public final Map<String, Tensor> parameters() {
        return parameters;
    }

    /** All that a checkpoint holds: the parameters and the tensors that no training changes. Still owned by the network. */
    public final Map<String, Tensor> state() {
        Map<String, Tensor> state = new LinkedHashMap<>(parameters);
        state.putAll(buffers);
        return Collections.unmodifiableMap(state);
    }

    /** Makes every parameter trainable: operations on them are recorded for backward in training. */
    public final void requireGradients() {
        parameters.values().forEach(Tensor::requireGradient);
    }

    /** Whether {@link #requireGradients} was called. */
    public final boolean requiresGradients() {
        return parameters.values().stream().anyMatch(Tensor::requiresGradient);
    }

    /** The linear layers by module path, such as {@code transformer_blocks.0.attn.to_q}: what an adapter can attach to. */
    final Map<String, Linear> linears() {
        return linears;
    }

    /** What {@code config.json} says of it. */
    abstract Map<String, Object> configJson();

    /** The name of its weights' file without extension: {@code model} in transformers. */
    abstract String weightsStem();

    /** Writes configuration and weights as the Python class does. */
    final void save(Path directory) {
        AtomicFile.write(directory.resolve("config.json"), ConfigFile.toJson(configJson()));
        Checkpoint.save(directory, weightsStem(), state());
    }

    /** The low-rank adapters on its linear layers. */
    public final Adapters adapters() {
        return adapters;
    }

    /** Frees every tensor. The network must not be used after that. */
    @Override
    public void close() {
        parameters.values().forEach(Tensor::close);
        buffers.values().forEach(Tensor::close);
    }
}
