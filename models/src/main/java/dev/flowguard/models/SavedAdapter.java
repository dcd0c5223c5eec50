package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An adapter apart from any network: what a file holds. Its tensors belong to the scope that they were made in.
 *
 * @param config rank, alpha and targets
 * @param tensors under PEFT's names: {@code base_model.model.PATH.lora_A.weight}, [rank, in], and
 *     {@code ...lora_B.weight}, [out, rank]; any floating type
 * @param baseModel what the file says of the model that it was trained on; null where it says nothing
 */
public record SavedAdapter(
        LoraConfig config,
        Map<String, Tensor> tensors,
        @Nullable String baseModel) {

    /** @throws InputException if names, shapes or ranks do not fit together */
    public SavedAdapter {
        if (tensors.isEmpty()) {
            throw new InputException("the adapter holds no tensors: was it written to the end?");
        }
        tensors = LoraModule.tensors(LoraModule.of(config, tensors));
    }

    /** From a format that has no other configuration than the modules themselves. */
    static SavedAdapter of(List<LoraModule> modules, @Nullable String baseModel) {
        int rank = commonest(modules, LoraModule::rank);
        double alpha = commonest(modules, LoraModule::alpha);
        Map<String, Integer> ranks = new LinkedHashMap<>();
        Map<String, Double> alphas = new LinkedHashMap<>();
        for (LoraModule module : modules) {
            if (module.rank() != rank) {
                ranks.put(module.path(), module.rank());
            }
            if (module.alpha() != alpha) {
                alphas.put(module.path(), module.alpha());
            }
        }
        LoraTargets targets =
                LoraTargets.named(modules.stream().map(LoraModule::path).toList());
        LoraConfig config = new LoraConfig(rank, alpha, targets, LoraInitialization.GAUSSIAN, ranks, alphas);
        return new SavedAdapter(config, LoraModule.tensors(modules), baseModel);
    }

    /** The same with another base model. */
    public SavedAdapter withBaseModel(String newBaseModel) {
        return new SavedAdapter(config, tensors, newBaseModel);
    }

    /**
     * The same, working at another strength.
     *
     * @param factor 1 for its own
     * @throws InputException unless it is positive
     */
    public SavedAdapter scaledBy(double factor) {
        if (!(factor > 0) || Double.isInfinite(factor)) {
            throw new InputException("the scale of an adapter must be positive, not " + factor);
        }
        Map<String, Double> alphas = new LinkedHashMap<>();
        config.alphaPattern().forEach((pattern, alpha) -> alphas.put(pattern, alpha * factor));
        LoraConfig scaled = new LoraConfig(
                config.rank(),
                config.alpha() * factor,
                config.targets(),
                config.initialization(),
                config.rankPattern(),
                alphas);
        return new SavedAdapter(scaled, tensors, baseModel);
    }

    List<LoraModule> modules() {
        return LoraModule.of(config, tensors);
    }

    private static <V extends Comparable<V>> V commonest(List<LoraModule> modules, Function<LoraModule, V> property) {
        return modules.stream().collect(Collectors.groupingBy(property, Collectors.counting())).entrySet().stream()
                .max(Map.Entry.<V, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .orElseThrow(() -> new InputException("the adapter holds no tensors: was it written to the end?"))
                .getKey();
    }
}
