package dev.flowguard.cli.parity;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Tensor;
import dev.flowguard.tensor.TensorInfo;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What the Python originals were given and what they computed: a safetensors file whose entries are called
 * {@code <component>/in/<argument>}, {@code <component>/out/<output>} and {@code <component>/grad/<parameter>}. Opening reads
 * the header only.
 */
final class ReferenceFile implements AutoCloseable {

    /** The entries of one component by their own names. */
    record Entries(Map<String, TensorInfo> inputs, Map<String, TensorInfo> outputs, Map<String, TensorInfo> gradients) {

        private Entries() {
            this(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
        }
    }

    static final String IN = "/in/";
    static final String OUT = "/out/";
    static final String GRADIENT = "/grad/";

    private final Path path;
    private final SafetensorsFile file;
    private final Map<String, Entries> components;

    private ReferenceFile(Path path, SafetensorsFile file, Map<String, Entries> components) {
        this.path = path;
        this.file = file;
        this.components = components;
    }

    /** @throws InputException if it is no safetensors file, or an entry has another kind of name */
    static ReferenceFile open(Path path) {
        SafetensorsFile file = SafetensorsFile.open(path);
        try {
            Map<String, Entries> components = new LinkedHashMap<>();
            file.names().stream().sorted().forEach(name -> add(components, path, name, file.info(name)));
            if (components.isEmpty()) {
                throw new InputException(path + ": holds no tensors: write it with tools/parity/make_reference.py");
            }
            return new ReferenceFile(path, file, Collections.unmodifiableMap(components));
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** The components that it has entries of. */
    Set<String> components() {
        return components.keySet();
    }

    /** @throws InputException if it has none of this component */
    Entries of(String component) {
        Entries entries = components.get(component);
        if (entries == null) {
            throw new InputException(
                    path + ": has nothing of the component '" + component + "', only of " + components.keySet());
        }
        return entries;
    }

    /** An entry as FLOAT32, or as INT64 if it holds integers; in the current scope. */
    Tensor read(String entry, Device device) {
        boolean real = file.info(entry).dtype().isFloating();
        return file.read(entry, device).to(real ? DType.FLOAT32 : DType.INT64);
    }

    /** A complaint about an entry. */
    InputException invalid(String entry, String complaint) {
        return new InputException(path + ": " + entry + " " + complaint);
    }

    @Override
    public void close() {
        file.close();
    }

    private static void add(Map<String, Entries> components, Path path, String name, TensorInfo info) {
        for (String kind : Set.of(IN, OUT, GRADIENT)) {
            int at = name.indexOf(kind);
            if (at > 0 && at + kind.length() < name.length()) {
                Entries entries = components.computeIfAbsent(name.substring(0, at), component -> new Entries());
                Map<String, TensorInfo> group =
                        switch (kind) {
                            case IN -> entries.inputs;
                            case OUT -> entries.outputs;
                            default -> entries.gradients;
                        };
                group.put(name.substring(at + kind.length()), info);
                return;
            }
        }
        throw new InputException(path + ": entry '" + name
                + "' is called neither COMPONENT/in/NAME nor COMPONENT/out/NAME nor COMPONENT/grad/NAME: is this a"
                + " reference of tools/parity/make_reference.py?");
    }
}
