package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Tensor;
import dev.flowguard.tensor.TensorInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The weights of one network on disk, whole or in shards ({@link CheckpointFiles}). Every tensor that the network has must be
 * there in its shape, and nothing else; all that is wrong is said at once.
 */
final class Checkpoint implements ParameterSource {

    /** Old files of transformers keep this table of 0, 1, 2, ... */
    private static final String POSITION_IDS = "position_ids";

    /** transformers 5 leaves out the one module that wraps a whole network, as in {@code CLIPTextModel}. */
    private static final String WRAPPER = "text_model.";

    /** T5's table of tokens is one tensor of two names; files have the first, the second, or both. */
    private static final String T5_TABLE = "shared.weight";

    private static final String T5_TABLE_AGAIN = "encoder.embed_tokens.weight";

    /** More complaints than this have one cause, and the first few show it. */
    private static final int COMPLAINTS_SHOWN = 10;

    /**
     * From this size on weights stay in the file's pages instead of being copied: that saves time and memory where there is
     * much of either. Below, memory of libtorch's own is aligned better, and costs a tenth of a second.
     */
    static final long MAPPED_FROM_BYTES = 256L << 20;

    /** What is taken from the files. */
    private enum Reading {
        /** Copies of the weights. */
        COPY,
        /** The weights where they lie. */
        MAP,
        /** Names, types and shapes only. */
        HEADER
    }

    private final CheckpointFiles files;
    private final WeightOptions options;
    private final Reading reading;
    private final Set<String> taken = new LinkedHashSet<>();
    private final List<String> complaints = new ArrayList<>();

    private Checkpoint(CheckpointFiles files, WeightOptions options, Reading reading) {
        this.files = files;
        this.options = options;
        this.reading = reading;
    }

    /**
     * Builds a network from its checkpoint. The weights of a large one stay in the files, which must not be overwritten while
     * the network is open, and are for inference and adapters: AdamW refuses them.
     *
     * @param stem {@code model} or {@code diffusion_pytorch_model}
     * @throws InputException if there is none, or it does not fit the network: one line that names every tensor
     */
    static <N extends Network> N load(
            Path directory, String stem, WeightOptions options, Function<ParameterSource, N> constructor) {
        return load(directory, stem, options, MAPPED_FROM_BYTES, constructor);
    }

    /** @param mappedFromBytes size of the checkpoint from which on it is not copied */
    static <N extends Network> N load(
            Path directory,
            String stem,
            WeightOptions options,
            long mappedFromBytes,
            Function<ParameterSource, N> constructor) {
        try (CheckpointFiles files = CheckpointFiles.open(directory, stem, options.variant())) {
            Checkpoint checkpoint =
                    new Checkpoint(files, options, files.bytes() >= mappedFromBytes ? Reading.MAP : Reading.COPY);
            N network = constructor.apply(checkpoint);
            try {
                checkpoint.requireFit();
            } catch (InputException e) {
                network.close();
                throw e;
            }
            return network;
        }
    }

    /**
     * Checks by the headers of its files that a checkpoint fits a network; reads no weights.
     *
     * @throws InputException as {@link #load} does
     */
    static void requireFit(
            Path directory,
            String stem,
            WeightOptions options,
            Function<ParameterSource, ? extends Network> constructor) {
        try (CheckpointFiles files = CheckpointFiles.open(directory, stem, options.variant())) {
            Checkpoint checkpoint = new Checkpoint(files, options, Reading.HEADER);
            try (Network network = constructor.apply(checkpoint)) {
                checkpoint.requireFit();
            }
        }
    }

    /** Writes one file that both libraries read. */
    static void save(Path directory, String stem, Map<String, Tensor> tensors) {
        Safetensors.write(directory.resolve(stem + CheckpointFiles.EXTENSION), tensors, Map.of("format", "pt"));
    }

    @Override
    public DType dtype() {
        return options.dtype();
    }

    @Override
    public Tensor take(String name, DType dtype, Initializer initializer, long... shape) {
        String tensor = storedName(name);
        taken.add(tensor);
        SafetensorsFile file = files.of(tensor);
        String complaint = complaintAbout(file == null ? null : file.info(tensor), shape);
        if (file == null || complaint != null) {
            complaints.add("tensor '" + tensor + "' " + complaint);
            return standIn(dtype, shape);
        }
        if (reading == Reading.HEADER) {
            return standIn(dtype, shape);
        }
        Tensor stored =
                reading == Reading.MAP ? file.map(tensor).to(options.device()) : file.read(tensor, options.device());
        return stored.dtype() == dtype ? stored : stored.to(dtype);
    }

    @Override
    public Tensor takeBuffer(String tensor, DType dtype, Supplier<float[]> initial, long... shape) {
        return take(tensor, dtype, Initializer.zeros(), shape);
    }

    private String storedName(String name) {
        if (files.of(name) == null && name.startsWith(WRAPPER)) {
            String bare = name.substring(WRAPPER.length());
            return files.of(bare) == null ? name : bare;
        }
        if (files.of(name) == null && name.equals(T5_TABLE) && files.of(T5_TABLE_AGAIN) != null) {
            return T5_TABLE_AGAIN;
        }
        return name;
    }

    private static @Nullable String complaintAbout(@Nullable TensorInfo found, long[] expected) {
        String wanted = Arrays.toString(expected);
        if (found == null) {
            return "of shape " + wanted + " is missing";
        }
        if (!found.shape().equals(Arrays.stream(expected).boxed().toList())) {
            return "has shape " + found.shape() + " but " + wanted + " is expected";
        }
        if (!found.dtype().isFloating()) {
            return "has type " + found.dtype() + " but a floating-point type is expected";
        }
        return null;
    }

    /** Takes no memory whatever the shape, so that building can go on to the next complaint. */
    private Tensor standIn(DType dtype, long... shape) {
        return Tensor.zeros(Device.cpu(), dtype).broadcastTo(shape);
    }

    private void requireFit() {
        for (String tensor : files.tensors()) {
            boolean known =
                    tensor.endsWith(POSITION_IDS) || (tensor.equals(T5_TABLE_AGAIN) && taken.contains(T5_TABLE));
            if (!known && !taken.contains(tensor)) {
                complaints.add("tensor '" + tensor + "' belongs to no part of this network");
            }
        }
        if (complaints.isEmpty()) {
            return;
        }
        int more = complaints.size() - COMPLAINTS_SHOWN;
        throw new InputException(files.name() + ": "
                + String.join("; ", complaints.subList(0, Math.min(complaints.size(), COMPLAINTS_SHOWN)))
                + (more > 0 ? "; and " + more + " more" : "")
                + ": do this file and its config.json belong together?");
    }
}
