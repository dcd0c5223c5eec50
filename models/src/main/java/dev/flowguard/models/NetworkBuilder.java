package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Makes a network's layers under the names that the Python libraries give them: a builder stands at one path of the module
 * tree, {@link #at} goes one step down.
 */
final class NetworkBuilder {

    /** What all builders of one network share: the tensors so far, in the order of construction. */
    static final class Contents {
        final DType dtype;
        final Map<String, Tensor> parameters = new LinkedHashMap<>();
        final Map<String, Tensor> buffers = new LinkedHashMap<>();
        final Map<String, Linear> linears = new LinkedHashMap<>();

        Contents(DType dtype) {
            this.dtype = dtype;
        }
    }

    private final ParameterSource source;
    private final Contents contents;
    private final String path;
    private final DType dtype;

    private NetworkBuilder(ParameterSource source, Contents contents, String path, DType dtype) {
        this.source = source;
        this.contents = contents;
        this.path = path;
        this.dtype = dtype;
    }

    static NetworkBuilder root(ParameterSource source) {
        return new NetworkBuilder(source, new Contents(source.dtype()), "", source.dtype());
    }

    /** The type of the tensors that are made here. */
    DType dtype() {
        return dtype;
    }

    /**
     * A builder at the same path whose tensors have a type of their own, whatever the network computes in: for the few
     * layers that the Python classes keep in FLOAT32. Such a layer casts its input and output itself.
     */
    NetworkBuilder in(DType own) {
        return new NetworkBuilder(source, contents, path, own);
    }

    Contents contents() {
        return contents;
    }

    NetworkBuilder at(String child) {
        return new NetworkBuilder(source, contents, path.isEmpty() ? child : path + "." + child, dtype);
    }

    NetworkBuilder at(String list, int index) {
        return at(list + "." + index);
    }

    Tensor parameter(String name, Initializer initializer, long... shape) {
        String full = at(name).path;
        Tensor tensor = source.take(full, dtype, initializer, shape);
        contents.parameters.put(full, tensor);
        return tensor;
    }

    /** @param initial computed only if there is no checkpoint: the positions of Stable Diffusion 3.5 Medium fill 900 MB */
    Tensor buffer(String name, Supplier<float[]> initial, long... shape) {
        String full = at(name).path;
        Tensor tensor = source.takeBuffer(full, dtype, initial, shape);
        contents.buffers.put(full, tensor);
        return tensor;
    }

    /** A linear layer [in] -> [out] with PyTorch's default initialisation. */
    Linear linear(String name, long in, long out) {
        return linear(name, in, out, true, Initializer.torchDefault(in), Initializer.torchDefault(in));
    }

    /** A linear layer [in] -> [out] without bias. */
    Linear linear(String name, long in, long out, Initializer weights) {
        return linear(name, in, out, false, weights, Initializer.zeros());
    }

    Linear linear(String name, long in, long out, boolean bias, Initializer weights, Initializer biases) {
        NetworkBuilder here = at(name);
        Tensor weight = here.parameter("weight", weights, out, in);
        Linear linear = new Linear(weight, bias ? here.parameter("bias", biases, out) : null);
        contents.linears.put(here.path, linear);
        return linear;
    }

    Conv2d conv2d(String name, long in, long out, int kernel, int stride, int padding) {
        NetworkBuilder here = at(name);
        Initializer initializer = Initializer.torchDefault(in * kernel * kernel);
        return new Conv2d(
                here.parameter("weight", initializer, out, in, kernel, kernel),
                here.parameter("bias", initializer, out),
                stride,
                padding);
    }

    LayerNorm layerNorm(String name, long width, double epsilon) {
        NetworkBuilder here = at(name);
        return new LayerNorm(
                here.parameter("weight", Initializer.ones(), width),
                here.parameter("bias", Initializer.zeros(), width),
                epsilon);
    }

    RmsNorm rmsNorm(String name, long width, double epsilon) {
        return new RmsNorm(at(name).parameter("weight", Initializer.ones(), width), epsilon);
    }

    GroupNorm groupNorm(String name, int groups, long channels, double epsilon) {
        NetworkBuilder here = at(name);
        return new GroupNorm(
                groups,
                here.parameter("weight", Initializer.ones(), channels),
                here.parameter("bias", Initializer.zeros(), channels),
                epsilon);
    }
}
