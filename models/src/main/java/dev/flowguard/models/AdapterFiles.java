package dev.flowguard.models;

import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * Adapters on disk, in every {@link AdapterFormat}. What is read may come from anywhere, so each name, shape and value is
 * checked; a pickle is never opened.
 *
 * <p>diffusers takes alpha from the metadata of the file, and without it assumes a scale of 1: an adapter of rank 16 and
 * alpha 32 would silently work at half its strength.
 */
public final class AdapterFiles {

    private static final String CONFIG = PeftConfig.FILE;
    private static final String PEFT_WEIGHTS = "adapter_model.safetensors";
    private static final String DIFFUSERS_WEIGHTS = "pytorch_lora_weights.safetensors";
    private static final String EXTENSION = ".safetensors";
    private static final String DIFFUSERS_PREFIX = "transformer.";
    private static final String DIFFUSERS_METADATA = "lora_adapter_metadata";
    private static final String DIFFUSERS_ALPHA = ".alpha";
    private static final Map<String, String> PLAIN = Map.of("format", "pt");

    private AdapterFiles() {}

    /**
     * Writes an adapter for PEFT and for diffusers side by side, in three files; each is whole or not there, the PEFT
     * configuration last.
     *
     * @param tensors under PEFT's names, as {@link LoraAdapter#parameters()} has them, or an average of these
     * @param baseModel where the base model lies, for the reader's information
     * @throws InputException if the disk refuses
     */
    public static void write(Path directory, LoraConfig config, Map<String, Tensor> tensors, String baseModel) {
        writeForDiffusers(directory, config, tensors);
        writeForPeft(directory, config, tensors, baseModel);
    }

    /**
     * Writes an adapter for one reader into a folder of its own, which appears when it is whole.
     *
     * @param directory must not exist yet, or be empty
     * @param dtype FLOAT32, FLOAT16 or BFLOAT16
     * @return the file to load: for kohya's format it is named after the folder
     * @throws InputException if the folder is taken or cannot be written, a value does not fit the type, or the format has no
     *     name for a layer
     */
    public static Path export(Path directory, SavedAdapter adapter, AdapterFormat format, DType dtype) {
        Path target = directory.toAbsolutePath().normalize();
        Path name = target.getFileName();
        Path parent = target.getParent();
        if (name == null || parent == null) {
            throw new InputException(directory + ": name a folder to write to, not the root of the file system");
        }
        requireFree(target);
        Path temporary = parent.resolve("." + name + "." + UUID.randomUUID() + ".tmp");
        try (Scope scope = Scope.open()) {
            try {
                String file = write(temporary, name.toString(), adapter, format, dtype);
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
                AtomicFile.flushFolder(parent);
                return directory.resolve(file);
            } finally {
                delete(temporary);
            }
        } catch (IOException e) {
            throw new InputException(
                    directory + ": cannot be written (" + e.getMessage()
                            + "): check the space and the permissions there",
                    e);
        }
    }

    private static String write(Path folder, String name, SavedAdapter adapter, AdapterFormat format, DType dtype) {
        return switch (format) {
            case PEFT -> {
                String baseModel = adapter.baseModel() == null ? "" : adapter.baseModel();
                writeForPeft(folder, adapter.config(), cast(adapter.tensors(), dtype), baseModel);
                yield PEFT_WEIGHTS;
            }
            case DIFFUSERS -> {
                writeForDiffusers(folder, adapter.config(), cast(adapter.tensors(), dtype));
                yield DIFFUSERS_WEIGHTS;
            }
            case KOHYA -> {
                List<LoraModule> modules = new SavedAdapter(
                                adapter.config(), cast(adapter.tensors(), DType.FLOAT32), adapter.baseModel())
                        .modules();
                KohyaNaming naming = KohyaFile.naming(modules, adapter.baseModel());
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                // Alphas stay FLOAT32: they are small, and 16 bits may round them.
                KohyaFile.write(naming, modules)
                        .forEach((key, tensor) ->
                                tensors.put(key, tensor.rank() == 0 ? tensor : cast(key, tensor, dtype)));
                Safetensors.write(folder.resolve(name + EXTENSION), tensors, PLAIN);
                yield name + EXTENSION;
            }
        };
    }

    private static void writeForPeft(Path directory, LoraConfig config, Map<String, Tensor> tensors, String baseModel) {
        Safetensors.write(directory.resolve(PEFT_WEIGHTS), tensors, PLAIN);
        AtomicFile.write(directory.resolve(CONFIG), ConfigFile.toJson(PeftConfig.withBaseModel(config, baseModel)));
    }

    private static void writeForDiffusers(Path directory, LoraConfig config, Map<String, Tensor> tensors) {
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        tensors.forEach(
                (name, tensor) -> renamed.put(DIFFUSERS_PREFIX + name.substring(LoraModule.PREFIX.length()), tensor));
        Map<String, Object> metadata = new LinkedHashMap<>();
        PeftConfig.settings(config).forEach((key, value) -> metadata.put(DIFFUSERS_PREFIX + key, value));
        Map<String, String> header = new LinkedHashMap<>(PLAIN);
        header.put(DIFFUSERS_METADATA, new JsonMapper().writeValueAsString(metadata));
        Safetensors.write(directory.resolve(DIFFUSERS_WEIGHTS), renamed, header);
    }

    private static Map<String, Tensor> cast(Map<String, Tensor> tensors, DType dtype) {
        Map<String, Tensor> cast = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> cast.put(name, cast(name, tensor, dtype)));
        return cast;
    }

    private static Tensor cast(String name, Tensor tensor, DType dtype) {
        Tensor cast = tensor.detach().to(dtype);
        if (!cast.to(DType.FLOAT32).allFinite()) {
            throw new InputException("adapter tensor '" + name + "' has values that " + dtype
                    + " cannot hold: write float32 or bfloat16");
        }
        return cast;
    }

    /**
     * Reads an adapter of any format, which its names tell.
     *
     * @param path a folder as PEFT, diffusers or a run wrote it, or a {@code .safetensors} file
     * @return FLOAT32, FLOAT16 or BFLOAT16 tensors in the current scope
     * @throws InputException if this is no adapter that can be used; the message names the file and the tensor
     */
    public static SavedAdapter read(Path path, Device device) {
        if (!Files.exists(path)) {
            throw new InputException(path + ": no such file or folder: check the path");
        }
        Path file = Files.isDirectory(path) ? weightsIn(path) : path;
        requireSafetensors(file);
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            return read(file, opened, device);
        } catch (InputException e) {
            throw located(file, e);
        }
    }

    /**
     * Reads tensors whose configuration lies elsewhere.
     *
     * @param weights a {@code .safetensors} file of PEFT's names
     * @param baseModel where the base model lies
     * @return tensors in the current scope
     * @throws InputException if the file cannot be read, or does not fit the configuration
     */
    public static SavedAdapter read(Path weights, LoraConfig config, String baseModel, Device device) {
        try (SafetensorsFile opened = SafetensorsFile.open(weights)) {
            return new SavedAdapter(config, AdapterTensors.read(opened, device), baseModel);
        } catch (InputException e) {
            throw located(weights, e);
        }
    }

    private static InputException located(Path file, InputException e) {
        return String.valueOf(e.getMessage()).startsWith(file.toString())
                ? e
                : new InputException(file + ": " + e.getMessage(), e);
    }

    private static SavedAdapter read(Path file, SafetensorsFile opened, Device device) {
        Set<String> names = opened.names();
        if (names.stream().anyMatch(name -> name.startsWith(LoraModule.PREFIX))) {
            Path config = file.resolveSibling(CONFIG);
            if (!Files.isRegularFile(config)) {
                throw new InputException(
                        "has PEFT's names, but no " + CONFIG + " lies beside it, which says alpha: put it there");
            }
            PeftConfig.Contents contents = PeftConfig.read(config);
            return new SavedAdapter(contents.lora(), AdapterTensors.read(opened, device), contents.baseModel());
        }
        if (names.stream().anyMatch(name -> name.startsWith(DIFFUSERS_PREFIX))) {
            return readOfDiffusers(opened, AdapterTensors.read(opened, device));
        }
        if (KohyaFile.recognises(names)) {
            return SavedAdapter.of(KohyaFile.read(AdapterTensors.read(opened, device)), null);
        }
        throw AdapterTensors.unknown(
                names.stream().findFirst().orElse(""),
                LoraModule.PREFIX + "..., " + DIFFUSERS_PREFIX + "... or " + KohyaNaming.PREFIX + "...");
    }

    private static SavedAdapter readOfDiffusers(SafetensorsFile file, Map<String, Tensor> tensors) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        Map<String, Double> alphas = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (!name.startsWith(DIFFUSERS_PREFIX)) {
                throw AdapterTensors.unknown(name, DIFFUSERS_PREFIX + "..." + LoraModule.A);
            }
            String path = name.substring(DIFFUSERS_PREFIX.length());
            if (path.endsWith(DIFFUSERS_ALPHA)) {
                alphas.put(
                        path.substring(0, path.length() - DIFFUSERS_ALPHA.length()),
                        AdapterTensors.alpha(name, tensor));
            } else {
                weights.put(LoraModule.PREFIX + path, tensor);
            }
        });
        String metadata = file.metadata().get(DIFFUSERS_METADATA);
        if (metadata != null) {
            return new SavedAdapter(PeftConfig.parse(DIFFUSERS_METADATA, metadata, DIFFUSERS_PREFIX), weights, null);
        }
        return SavedAdapter.of(LoraModule.ofShapes(weights, alphas), null);
    }

    /** The file of a folder, by the names that PEFT and diffusers give theirs, or the only one. */
    private static Path weightsIn(Path directory) {
        for (String name : List.of(PEFT_WEIGHTS, DIFFUSERS_WEIGHTS)) {
            if (Files.isRegularFile(directory.resolve(name))) {
                return directory.resolve(name);
            }
        }
        List<Path> candidates = new ArrayList<>();
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(directory, "*.{safetensors,bin,pt,pth,ckpt,pickle}")) {
            files.forEach(candidates::add);
        } catch (IOException e) {
            throw new InputException(directory + " cannot be read: " + e.getMessage(), e);
        }
        candidates.sort(null);
        return candidates.stream()
                .filter(file -> file.toString().endsWith(EXTENSION))
                .reduce((first, second) -> {
                    throw new InputException(directory + " has several " + EXTENSION + " files: name one of them");
                })
                .or(() -> candidates.stream().findFirst())
                .orElseThrow(() -> new InputException(directory + " holds no adapter: " + PEFT_WEIGHTS + ", "
                        + DIFFUSERS_WEIGHTS + " or another " + EXTENSION + " file is expected"));
    }

    private static void requireSafetensors(Path file) {
        if (!file.toString().endsWith(EXTENSION)) {
            throw new InputException(
                    file + " is no " + EXTENSION + " file; a pickle can run code and is never read here:"
                            + " convert it in Python with safetensors.torch.save_file(torch.load(FILE, weights_only=True), ...)");
        }
    }

    private static void requireFree(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            if (entries.iterator().hasNext()) {
                throw new InputException(directory + " exists and is not empty: name another folder, or delete it");
            }
        } catch (IOException e) {
            throw new InputException(directory + " cannot be written to (" + e + "): name another folder", e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }
}
