package dev.flowguard.models;

import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A diffusers pipeline on disk: a folder whose {@code model_index.json} names a pipeline class and its components. */
public final class PipelineFolder {

    static final String INDEX = "model_index.json";

    /** How many text tokens the pipeline is meant for; a key of our own, which diffusers passes over. */
    static final String MAX_SEQUENCE_LENGTH = "_max_sequence_length";

    private static final String CONFIG = "config.json";
    private static final int NAMES_SHOWN = 5;

    private final Path path;
    private final ConfigFile index;

    private PipelineFolder(Path path, ConfigFile index) {
        this.path = path;
        this.index = index;
    }

    /**
     * Reads the index of a pipeline; no weights.
     *
     * @throws InputException if this is no pipeline; the message says what was found instead
     */
    public static PipelineFolder open(Path path) {
        if (!Files.isRegularFile(path.resolve(INDEX))) {
            throw new InputException(path + " is no diffusers pipeline: " + whatIsThere(path));
        }
        return new PipelineFolder(path, ConfigFile.read(path.resolve(INDEX)));
    }

    /**
     * Writes a pipeline: the index comes last, so that a folder that has one is complete.
     *
     * @throws InputException if the disk refuses
     */
    static void write(Path path, Map<String, Object> index, Runnable components) {
        try {
            Files.deleteIfExists(path.resolve(INDEX));
        } catch (IOException e) {
            throw new InputException(path.resolve(INDEX) + " cannot be replaced: " + e.getMessage(), e);
        }
        components.run();
        AtomicFile.write(path.resolve(INDEX), ConfigFile.toJson(index));
    }

    /** The folder. */
    public Path path() {
        return path;
    }

    /** The pipeline's class in diffusers, such as {@code FluxPipeline}; empty if the index names none. */
    public String className() {
        return index.text("_class_name", "");
    }

    /** Whether the pipeline has a component: the index may list one as absent, as {@code [null, null]}. */
    public boolean has(String component) {
        JsonNode entry = index.root().path(component);
        return entry.isArray() && !entry.isEmpty() && !ConfigFile.isAbsent(entry.get(entry.size() - 1));
    }

    /** The components that the pipeline has, in the order of its index. */
    public List<String> components() {
        return index.root().propertyNames().stream().filter(this::has).toList();
    }

    /** The Python class of a component that it has, such as {@code AutoencoderKL}. */
    public String className(String component) {
        JsonNode entry = index.root().path(component);
        return entry.path(entry.size() - 1).asString("");
    }

    /** The folder of a component. */
    public Path component(String name) {
        return path.resolve(name);
    }

    /** The index itself. */
    ConfigFile index() {
        return index;
    }

    /** A component's {@code config.json}. */
    ConfigFile config(String component) {
        return ConfigFile.read(component(component).resolve(CONFIG));
    }

    /** @throws InputException if one of these components is there, because nothing here can use it */
    void requireAbsent(String... components) {
        for (String component : components) {
            if (has(component)) {
                throw index.invalid(component, "is not supported: save the pipeline with " + component + "=None");
            }
        }
    }

    /** @throws InputException if the pipeline is of another class */
    void requireClass(String expected) {
        index.requireClass(expected);
    }

    /** What to throw where the class is none that is known here. */
    InputException unknownClass() {
        return index.invalid(
                "_class_name",
                "is '" + className() + "', but only StableDiffusion3Pipeline and FluxPipeline can be loaded");
    }

    private static String whatIsThere(Path path) {
        if (Files.isRegularFile(path)) {
            return file(path);
        }
        if (!Files.isDirectory(path)) {
            return "there is no such folder; a repository of the Hugging Face Hub must be downloaded first, with"
                    + " hf download NAME --local-dir FOLDER";
        }
        List<Path> entries = entries(path);
        if (entries.isEmpty()) {
            return "the folder is empty";
        }
        Path within = pipelineWithin(path, entries);
        if (within != null) {
            return "but " + within + " is one: give that folder";
        }
        if (holds(path, "adapter_config.json") || holds(path, "pytorch_lora_weights.safetensors")) {
            return "it is a LoRA; the pipeline is the base model that it was trained on";
        }
        if (holds(path, CONFIG)) {
            return component(path, ConfigFile.read(path.resolve(CONFIG)));
        }
        if (holds(path, "tokenizer_config.json") || holds(path, "scheduler_config.json")) {
            return "it is one component of a pipeline;" + parent(path);
        }
        for (Path entry : entries) {
            if (isWeights(entry)) {
                return file(entry);
            }
        }
        return "it has no " + INDEX + ", only " + names(entries);
    }

    private static String file(Path file) {
        String name = file.getFileName().toString();
        if (name.endsWith(".safetensors") || name.endsWith(".gguf")) {
            return name + " is a single-file checkpoint; convert it in Python with"
                    + " StableDiffusion3Pipeline.from_single_file (or FluxPipeline's) and save_pretrained";
        }
        if (isWeights(file)) {
            return name + " is a pickle, which can run code and is never read here; convert it in Python with"
                    + " from_single_file and save_pretrained(safe_serialization=True)";
        }
        return name + " is a file; give the folder that has the " + INDEX;
    }

    private static String component(Path path, ConfigFile config) {
        String diffusers = config.text("_class_name", "");
        if (!diffusers.isEmpty()) {
            return "it is a " + diffusers + ", one component of a pipeline;" + parent(path);
        }
        String transformers = String.join(", ", config.texts("architectures"));
        String kind = transformers.isEmpty() ? config.text("model_type", "model") : transformers;
        return "it is a " + kind + " of transformers, at most one component of a pipeline;" + parent(path);
    }

    private static String parent(Path path) {
        Path above = path.toAbsolutePath().normalize().getParent();
        return above != null && holds(above, INDEX)
                ? " give " + above
                : " give the folder that has the " + INDEX + " and all components";
    }

    /** One or two levels down: unpacked into a folder of its own, or {@code snapshots/REVISION} of the Hub's cache. */
    private static @Nullable Path pipelineWithin(Path path, List<Path> entries) {
        List<Path> candidates = new ArrayList<>(entries);
        if (Files.isDirectory(path.resolve("snapshots"))) {
            candidates.addAll(entries(path.resolve("snapshots")));
        }
        return candidates.stream()
                .filter(entry -> holds(entry, INDEX))
                .findFirst()
                .orElse(null);
    }

    private static boolean holds(Path folder, String file) {
        return Files.isRegularFile(folder.resolve(file));
    }

    private static boolean isWeights(Path file) {
        return file.getFileName().toString().matches(".*\\.(safetensors|gguf|ckpt|bin|pt|pth)");
    }

    private static String names(List<Path> entries) {
        String shown = String.join(
                ", ",
                entries.stream()
                        .limit(NAMES_SHOWN)
                        .map(entry -> entry.getFileName().toString())
                        .toList());
        int more = entries.size() - NAMES_SHOWN;
        return more > 0 ? shown + " and " + more + " more" : shown;
    }

    private static List<Path> entries(Path folder) {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder)) {
            found.forEach(entries::add);
        } catch (IOException e) {
            throw new InputException(folder + " cannot be read: " + e.getMessage(), e);
        }
        entries.sort(null);
        return entries;
    }
}
