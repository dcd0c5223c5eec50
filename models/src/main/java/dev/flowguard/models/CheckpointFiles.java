package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.SafetensorsFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The files of one network's weights, opened: {@code <stem>.safetensors}, or shards that
 * {@code <stem>.safetensors.index.json} lists. With a variant the names are {@code <stem>.<variant>.safetensors}, and
 * {@code <stem>.safetensors.index.<variant>.json}; where there are none of it, the plain ones are taken, as in diffusers.
 */
final class CheckpointFiles implements AutoCloseable {

    static final String EXTENSION = ".safetensors";

    private final Path name;
    private final List<SafetensorsFile> opened = new ArrayList<>();
    private final Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();

    private CheckpointFiles(Path name) {
        this.name = name;
    }

    /**
     * Opens all files and checks their headers.
     *
     * @throws InputException if there are none, one is missing or corrupt, or an index and its shards disagree
     */
    static CheckpointFiles open(Path directory, String stem, @Nullable String variant) {
        Path found = find(directory, stem, variant);
        CheckpointFiles files = new CheckpointFiles(found);
        try {
            if (found.toString().endsWith(EXTENSION)) {
                SafetensorsFile file = files.open(found);
                file.names().forEach(tensor -> files.fileOf.put(tensor, file));
            } else {
                files.openShards(directory, ConfigFile.read(found));
            }
            return files;
        } catch (RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /** The file or the index, for messages. */
    Path name() {
        return name;
    }

    /** The names of all tensors. */
    Set<String> tensors() {
        return fileOf.keySet();
    }

    /** What all tensors take together. */
    long bytes() {
        return fileOf.entrySet().stream()
                .mapToLong(entry -> entry.getValue().info(entry.getKey()).byteCount())
                .sum();
    }

    /** The file that holds a tensor, or null if none does. */
    @Nullable
    SafetensorsFile of(String tensor) {
        return fileOf.get(tensor);
    }

    @Override
    public void close() {
        opened.forEach(SafetensorsFile::close);
    }

    /** Whether there is a file or an index of this name; a checkpoint may still be incomplete. */
    static boolean exist(Path directory, String stem, @Nullable String variant) {
        return names(stem, variant).stream().anyMatch(name -> Files.isRegularFile(directory.resolve(name)));
    }

    private static List<String> names(String stem, @Nullable String variant) {
        List<String> names = new ArrayList<>();
        if (variant != null) {
            names.add(stem + "." + variant + EXTENSION);
            names.add(stem + EXTENSION + ".index." + variant + ".json");
        }
        names.add(stem + EXTENSION);
        names.add(stem + EXTENSION + ".index.json");
        return names;
    }

    private static Path find(Path directory, String stem, @Nullable String variant) {
        for (String name : names(stem, variant)) {
            if (Files.isRegularFile(directory.resolve(name))) {
                return directory.resolve(name);
            }
        }
        Path pickle = directory.resolve(stem.equals("model") ? "pytorch_model.bin" : stem + ".bin");
        if (Files.isRegularFile(pickle)) {
            throw new InputException(pickle + " is a pickle, which can run code and is never read here: convert it in"
                    + " Python with from_pretrained and save_pretrained(safe_serialization=True)");
        }
        throw new InputException(directory.resolve(stem + EXTENSION)
                + " is missing, and so is an index of shards: is this a complete diffusers model directory?");
    }

    private void openShards(Path directory, ConfigFile index) {
        JsonNode weightMap = index.root().path("weight_map");
        if (!weightMap.isObject() || weightMap.isEmpty()) {
            throw index.invalid("weight_map", "lists no files");
        }
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        weightMap.properties().forEach(entry -> {
            String tensor = entry.getKey();
            String shard = entry.getValue().asString("");
            SafetensorsFile file = shards.computeIfAbsent(shard, absent -> openShard(directory, index, absent));
            if (!file.names().contains(tensor)) {
                throw index.invalid(
                        "weight_map", "says that '" + shard + "' holds tensor '" + tensor + "', but it does not");
            }
            fileOf.put(tensor, file);
        });
        shards.forEach((shard, file) -> file.names().forEach(tensor -> {
            if (!fileOf.containsKey(tensor)) {
                throw index.invalid("weight_map", "lacks tensor '" + tensor + "', which '" + shard + "' holds");
            }
        }));
    }

    private SafetensorsFile openShard(Path directory, ConfigFile index, String shard) {
        // Only files beside the index: never a path that leads out of the directory.
        if (!shard.endsWith(EXTENSION) || shard.contains("/") || shard.contains("\\")) {
            throw index.invalid("weight_map", "names '" + shard + "', which is no file beside it");
        }
        if (!Files.isRegularFile(directory.resolve(shard))) {
            throw index.invalid("weight_map", "names '" + shard + "', which is missing: download it again");
        }
        return open(directory.resolve(shard));
    }

    private SafetensorsFile open(Path path) {
        SafetensorsFile file = SafetensorsFile.open(path);
        opened.add(file);
        return file;
    }
}
