package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * One component of a pipeline folder, to be called as its Python original is: tensors by the names of arguments, results by
 * the names of outputs. Only its configuration is read until it is {@linkplain #load loaded}.
 *
 * <p>A component has its folder's name: {@code transformer}, {@code text_encoder}, {@code vae}. The VAE is its decoder;
 * {@code vae.encode} is the other direction.
 */
public final class PipelineComponent {

    /** By Python class; where a class has another method than the usual one, by class and method. */
    private static final Map<String, Function<ConfigFile, NamedNetwork<?>>> ORIGINALS = Map.of(
            Sd3TransformerConfig.CLASS_NAME,
            config -> new NamedSd3Transformer(Sd3TransformerConfig.read(config)),
            FluxTransformerConfig.CLASS_NAME,
            config -> new NamedFluxTransformer(FluxTransformerConfig.read(config)),
            ClipTextConfig.CLASS_NAME,
            config -> new NamedClipTextEncoder(ClipTextConfig.read(config)),
            ClipTextConfig.CLASS_NAME_WITHOUT_PROJECTION,
            config -> new NamedClipTextEncoder(ClipTextConfig.read(config)),
            T5Config.CLASS_NAME,
            config -> new NamedT5Encoder(T5Config.read(config)),
            AutoencoderKlConfig.CLASS_NAME,
            config -> new NamedVaeDecoder(AutoencoderKlConfig.read(config)),
            AutoencoderKlConfig.CLASS_NAME + ".encode",
            config -> new NamedVaeEncoder(AutoencoderKlConfig.read(config)));

    private final String name;
    private final Path directory;
    private final NamedNetwork<?> network;

    private PipelineComponent(String name, Path directory, NamedNetwork<?> network) {
        this.name = name;
        this.directory = directory;
        this.network = network;
    }

    /** The names under which parts of a pipeline can be called. */
    public static List<String> names(PipelineFolder folder) {
        List<String> names = new ArrayList<>();
        for (String component : folder.components()) {
            String original = folder.className(component);
            ORIGINALS.keySet().stream()
                    .filter(key -> key.equals(original) || key.startsWith(original + "."))
                    .map(key -> component + key.substring(original.length()))
                    .sorted()
                    .forEach(names::add);
        }
        return names;
    }

    /**
     * Reads a component's configuration.
     *
     * @param name one of {@link #names}
     * @throws InputException if the pipeline has none of this name, or its configuration is not supported
     */
    public static PipelineComponent of(PipelineFolder folder, String name) {
        if (!names(folder).contains(name)) {
            throw new InputException(folder.path() + " has no component '" + name + "', only " + names(folder));
        }
        int dot = name.indexOf('.');
        String part = dot < 0 ? name : name.substring(0, dot);
        String method = name.substring(part.length());
        Function<ConfigFile, NamedNetwork<?>> original = ORIGINALS.get(folder.className(part) + method);
        if (original == null) {
            throw new IllegalStateException(name + " is listed and cannot be called");
        }
        return new PipelineComponent(name, folder.component(part), original.apply(folder.config(part)));
    }

    /** The name under which it was asked for. */
    public String name() {
        return name;
    }

    /** What goes in and what comes out. */
    public Signature signature() {
        return network.signature();
    }

    /**
     * Reads the weights; the caller closes the result. Call it outside of any scope.
     *
     * @throws InputException if weights are missing, corrupt, or do not fit the configuration
     */
    public LoadedComponent load(LoadOptions options) {
        return load(network, options);
    }

    private <N extends Network> LoadedComponent load(NamedNetwork<N> original, LoadOptions options) {
        N loaded = original.load(directory, original.weights(options));
        return new LoadedComponent() {
            @Override
            public Map<String, Tensor> parameters() {
                return original.parameters(loaded);
            }

            @Override
            public Map<String, Tensor> call(Map<String, Tensor> inputs) {
                return original.call(loaded, new NamedTensors(inputs));
            }

            @Override
            public void close() {
                loaded.close();
            }
        };
    }
}
