package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a network would be, by its {@code config.json} alone: it is built as ever, of tensors that take no memory.
 *
 * @param component its folder in the pipeline
 * @param className its Python class
 * @param parameters how many numbers it has, buffers included
 * @param bytes what they take in the types that they are loaded to
 * @param linears its linear layers by path
 * @param mapped whether its weights stay in the pages of their files, which all that load them on a machine share
 * @param convertedBytes of its files that stay mapped while they are loaded to another type; 0 if they are not
 * @param weightsThere whether there are any files of weights
 * @param weightsProblem why its weights cannot be loaded, in one line; null if they can be
 */
public record NetworkOutline(
        String component,
        String className,
        long parameters,
        long bytes,
        Map<String, LayerShape> linears,
        boolean mapped,
        long convertedBytes,
        boolean weightsThere,
        @Nullable String weightsProblem) {

    public NetworkOutline {
        linears = Collections.unmodifiableMap(new LinkedHashMap<>(linears));
    }

    /** The layers that an adapter would be attached to. */
    public List<String> adapted(LoraConfig adapter) {
        return adapter.targets().select(linears.keySet());
    }

    /** How many numbers such an adapter has. */
    public long adapterParameters(LoraConfig adapter) {
        List<String> paths = adapted(adapter);
        Map<String, Integer> ranks = adapter.ranks(paths);
        long count = 0;
        for (Map.Entry<String, Integer> rank : ranks.entrySet()) {
            LayerShape shape = linears.get(rank.getKey());
            count += shape == null ? 0 : rank.getValue() * (shape.in() + shape.out());
        }
        return count;
    }

    static NetworkOutline of(
            PipelineFolder folder,
            String component,
            WeightOptions options,
            Function<ParameterSource, ? extends Network> constructor) {
        Outline outline = new Outline(options.dtype());
        try (Network network = constructor.apply(outline)) {
            Path directory = folder.component(component);
            boolean there = CheckpointFiles.exist(directory, network.weightsStem(), options.variant());
            String problem = problem(directory, network.weightsStem(), options, constructor);
            // Weights of another type than they are loaded to are converted, and so copied; nothing is known of absent
            // ones.
            long stored = there && problem == null ? stored(directory, network, options) : outline.bytes;
            boolean large = stored >= Checkpoint.MAPPED_FROM_BYTES;
            boolean mapped = large && stored == outline.bytes;
            Map<String, LayerShape> linears = new LinkedHashMap<>();
            network.linears().forEach((path, linear) -> linears.put(path, new LayerShape(linear.in(), linear.out())));
            return new NetworkOutline(
                    component,
                    folder.className(component),
                    outline.parameters,
                    outline.bytes,
                    linears,
                    mapped,
                    large && !mapped ? stored : 0,
                    there,
                    problem);
        }
    }

    private static long stored(Path directory, Network network, WeightOptions options) {
        try (CheckpointFiles files = CheckpointFiles.open(directory, network.weightsStem(), options.variant())) {
            return files.bytes();
        }
    }

    private static @Nullable String problem(
            Path directory,
            String stem,
            WeightOptions options,
            Function<ParameterSource, ? extends Network> constructor) {
        try {
            Checkpoint.requireFit(directory, stem, options, constructor);
            return null;
        } catch (InputException e) {
            return e.getMessage();
        }
    }

    /** Counts what is asked for. */
    private static final class Outline implements ParameterSource {
        private final DType dtype;
        private long parameters;
        private long bytes;

        Outline(DType dtype) {
            this.dtype = dtype;
        }

        @Override
        public DType dtype() {
            return dtype;
        }

        @Override
        public Tensor take(String name, DType type, Initializer initializer, long... shape) {
            long count = 1;
            for (long size : shape) {
                count *= size;
            }
            parameters += count;
            bytes += count * type.bytes();
            return Tensor.zeros(Device.cpu(), type).broadcastTo(shape);
        }

        @Override
        public Tensor takeBuffer(String name, DType type, Supplier<float[]> initial, long... shape) {
            return take(name, type, Initializer.zeros(), shape);
        }
    }
}
