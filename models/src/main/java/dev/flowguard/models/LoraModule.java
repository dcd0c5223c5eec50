package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One layer's share of an adapter, (alpha / rank)·B A: what every file format says in its own words.
 *
 * @param path of the layer, such as {@code transformer_blocks.0.attn.to_q}
 * @param a [rank, in]
 * @param b [out, rank]
 * @param alpha numerator of the scale
 */
record LoraModule(String path, Tensor a, Tensor b, double alpha) {

    static final String PREFIX = "base_model.model.";
    static final String A = ".lora_A.weight";
    static final String B = ".lora_B.weight";

    LoraModule {
        if (a.rank() != 2 || b.rank() != 2 || a.size(0) != b.size(1)) {
            throw new InputException("adapter module '" + path + "' has A of shape " + Arrays.toString(a.shape())
                    + " and B of shape " + Arrays.toString(b.shape())
                    + ", but [rank, in] and [out, rank] are expected: is this file whole?");
        }
    }

    int rank() {
        return Math.toIntExact(a.size(0));
    }

    double scale() {
        return alpha / rank();
    }

    /**
     * The modules of tensors under PEFT's names.
     *
     * @throws InputException if a name is none of these, one half of a module is missing, or a rank is not as configured
     */
    static List<LoraModule> of(LoraConfig config, Map<String, Tensor> tensors) {
        List<String> ordered = paths(tensors);
        Map<String, Integer> ranks = config.ranks(ordered);
        Map<String, Double> alphas = config.alphas(ordered);
        List<LoraModule> modules = new ArrayList<>();
        for (String path : ordered) {
            LoraModule module =
                    new LoraModule(path, half(tensors, path, A), half(tensors, path, B), valueOf(alphas, path));
            int rank = valueOf(ranks, path);
            if (module.rank() != rank) {
                throw new InputException("adapter module '" + path + "' has rank " + module.rank()
                        + " but its configuration says " + rank + ": do the two files belong together?");
            }
            modules.add(module);
        }
        return modules;
    }

    /**
     * The modules of tensors under PEFT's names, without a configuration.
     *
     * @param alphas by path; where there is none the scale is 1
     */
    static List<LoraModule> ofShapes(Map<String, Tensor> tensors, Map<String, Double> alphas) {
        List<LoraModule> modules = new ArrayList<>();
        for (String path : paths(tensors)) {
            Tensor a = half(tensors, path, A);
            double alpha = alphas.getOrDefault(path, (double) a.size(0));
            modules.add(new LoraModule(path, a, half(tensors, path, B), alpha));
        }
        for (String path : alphas.keySet()) {
            if (modules.stream().noneMatch(module -> module.path.equals(path))) {
                throw new InputException("the adapter has an alpha for '" + path + "', but no weights: is it whole?");
            }
        }
        return modules;
    }

    /** Tensors under PEFT's names, in the order of the modules. */
    static Map<String, Tensor> tensors(List<LoraModule> modules) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (LoraModule module : modules) {
            tensors.put(PREFIX + module.path + A, module.a);
            tensors.put(PREFIX + module.path + B, module.b);
        }
        return tensors;
    }

    private static List<String> paths(Map<String, Tensor> tensors) {
        Set<String> paths = new LinkedHashSet<>();
        for (String name : tensors.keySet()) {
            paths.add(pathOf(name));
        }
        return List.copyOf(paths);
    }

    private static String pathOf(String name) {
        if (name.startsWith(PREFIX)) {
            for (String half : List.of(A, B)) {
                if (name.endsWith(half) && name.length() > PREFIX.length() + half.length()) {
                    return name.substring(PREFIX.length(), name.length() - half.length());
                }
            }
        }
        throw AdapterTensors.unknown(name, PREFIX + "transformer_blocks.0.attn.to_q" + A);
    }

    private static Tensor half(Map<String, Tensor> tensors, String path, String half) {
        Tensor tensor = tensors.get(PREFIX + path + half);
        if (tensor == null) {
            throw new InputException("the adapter has no tensor '" + PREFIX + path + half
                    + "', only its other half: is the file whole?");
        }
        return tensor;
    }

    private static <V> V valueOf(Map<String, V> resolved, String path) {
        V value = resolved.get(path);
        if (value == null) {
            throw new IllegalStateException(path + " was not resolved");
        }
        return value;
    }
}
