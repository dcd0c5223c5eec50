package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * The weights of one network on disk: {@code <stem>.safetensors}, or shards that {@code <stem>.safetensors.index.json} lists.
 * Every tensor that the network has must be there in its shape, and nothing else.
 */
final class Checkpoint implements ParameterSource, AutoCloseable {

    private static final String EXTENSION = ".safetensors";

    /** Old files of transformers keep this table of 0, 1, 2, ... */
    private static final String POSITION_IDS = "position_ids";

    private final Path name;
    private final Device device;
    private final List<SafetensorsFile> files = new ArrayList<>();
    private final Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();
    private final Set<String> taken = new LinkedHashSet<>();

    private Checkpoint(Path name, Device device) {
        this.name = name;
        this.device = device;
    }

    /** Builds a network from its checkpoint. */
    static <N extends Network> N load(
            Path directory, String stem, Device device, Function<ParameterSource, N> constructor) {
        try (Checkpoint checkpoint = open(directory, stem, device)) {
            N network = constructor.apply(checkpoint);
            try {
                checkpoint.requireAllTaken();
            } catch (InputException e) {
                network.close();
                throw e;
            }
            return network;
        }
    }

    /** Writes one file that both libraries read. */
    static void save(Path directory, String stem, Map<String, Tensor> tensors) {
        Safetensors.write(directory.resolve(stem + EXTENSION), tensors, Map.of("format", "pt"));
    }

    @Override
    public Tensor take(String tensor, Initializer initializer, long... shape) {
        SafetensorsFile file = fileOf.get(tensor);
        if (file == null) {
            throw new InputException(name + ": tensor '" + tensor + "' of shape " + Arrays.toString(shape)
                    + " is missing: do this file and its config.json belong together?");
        }
        List<Long> found = file.info(tensor).shape();
        if (!found.equals(Arrays.stream(shape).boxed().toList())) {
            throw new InputException(name + ": tensor '" + tensor + "' has shape " + found + " but "
                    + Arrays.toString(shape) + " is expected: do this file and its config.json belong together?");
        }
        DType dtype = file.info(tensor).dtype();
        if (!dtype.isFloating()) {
            throw new InputException(
                    name + ": tensor '" + tensor + "' has type " + dtype + " but a floating-point type is expected");
        }
        taken.add(tensor);
        Tensor stored = file.read(tensor, device);
        return dtype == DType.FLOAT32 ? stored : stored.to(DType.FLOAT32);
    }

    @Override
    public Tensor takeBuffer(String tensor, float[] initial, long... shape) {
        return take(tensor, Initializer.zeros(), shape);
    }

    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }

    private static Checkpoint open(Path directory, String stem, Device device) {
        Path whole = directory.resolve(stem + EXTENSION);
        Path index = directory.resolve(stem + EXTENSION + ".index.json");
        if (!Files.isRegularFile(whole) && !Files.isRegularFile(index)) {
            throw new InputException(whole + " is missing: is this a complete diffusers model directory?");
        }
        Checkpoint checkpoint = new Checkpoint(Files.isRegularFile(whole) ? whole : index, device);
        try {
            if (Files.isRegularFile(whole)) {
                checkpoint.add(whole);
            } else {
                for (String shard : shards(ConfigFile.read(index))) {
                    checkpoint.add(directory.resolve(shard));
                }
            }
            return checkpoint;
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    private static Set<String> shards(ConfigFile index) {
        Set<String> shards = new LinkedHashSet<>();
        for (JsonNode file : index.root().path("weight_map")) {
            String shard = file.asString("");
            // Only files beside the index: never a path that leads out of the directory.
            if (!shard.endsWith(EXTENSION) || shard.contains("/") || shard.contains("\\")) {
                throw index.invalid("weight_map", "names '" + shard + "', which is no file beside it");
            }
            shards.add(shard);
        }
        if (shards.isEmpty()) {
            throw index.invalid("weight_map", "lists no files");
        }
        return shards;
    }

    private void add(Path path) {
        SafetensorsFile file = SafetensorsFile.open(path);
        files.add(file);
        file.names().forEach(tensor -> fileOf.put(tensor, file));
    }

    private void requireAllTaken() {
        for (String tensor : fileOf.keySet()) {
            if (!taken.contains(tensor) && !tensor.endsWith(POSITION_IDS)) {
                throw new InputException(name + ": tensor '" + tensor
                        + "' belongs to no part of this network: do this file and its config.json belong together?");
            }
        }
    }
}
