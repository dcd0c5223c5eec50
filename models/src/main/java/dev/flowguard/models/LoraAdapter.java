package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A low-rank adapter on a network's linear layers, and the owner of its tensors. While it is disabled the network is the
 * reference policy.
 *
 * <p>Used by one thread at a time, that of the network's forward passes. Closing it detaches it.
 */
public final class LoraAdapter implements AutoCloseable {

    private static final String PREFIX = "base_model.model.";
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";

    private final LoraConfig config;
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Linear> targets = new LinkedHashMap<>();
    private boolean enabled = true;

    private LoraAdapter(LoraConfig config) {
        this.config = config;
    }

    static LoraAdapter attach(Network network, LoraConfig config, long seed) {
        LoraAdapter adapter = new LoraAdapter(config);
        network.linears().forEach((path, linear) -> {
            if (config.targets(path)) {
                adapter.targets.put(path, linear);
            }
        });
        for (String target : config.targetModules()) {
            if (adapter.targets.keySet().stream().noneMatch(path -> LoraConfig.matches(path, target))) {
                throw new InputException("LoRA target module '" + target
                        + "' names no linear layer of the transformer: names look like attn.to_q or ff.net.2");
            }
        }
        if (adapter.targets.values().stream().anyMatch(linear -> linear.branch() != null)) {
            throw new IllegalStateException("the network has an adapter already: close that one first");
        }
        try (Scope scope = Scope.open()) {
            adapter.targets.forEach((path, linear) -> adapter.add(path, linear, network, seed));
            adapter.parameters.values().forEach(Tensor::keep);
        }
        return adapter;
    }

    private void add(String path, Linear linear, Network network, long seed) {
        int rank = config.rank();
        Device device = network.parameters().values().iterator().next().device();
        // With B = 0 a fresh adapter changes nothing.
        float[] values =
                config.initialization().of(rank, linear.in()).draw(seed, path + A, Math.toIntExact(rank * linear.in()));
        Tensor a = Tensor.of(device, values, rank, linear.in()).requireGradient();
        Tensor b = Tensor.of(device, new float[Math.toIntExact(linear.out() * rank)], linear.out(), rank)
                .requireGradient();
        parameters.put(PREFIX + path + A, a);
        parameters.put(PREFIX + path + B, b);
        linear.attach(new LoraBranch(this, a, b, config.scale()));
    }

    /** Rank, alpha and targets. */
    public LoraConfig config() {
        return config;
    }

    /** How many linear layers it adapts; each has an A and a B. */
    public int modules() {
        return targets.size();
    }

    /**
     * The trainable tensors under PEFT's names, such as
     * {@code base_model.model.transformer_blocks.0.attn.to_q.lora_A.weight}, in the order of the network. Still owned by the
     * adapter.
     */
    public Map<String, Tensor> parameters() {
        return Collections.unmodifiableMap(parameters);
    }

    /** Whether forward passes include it. */
    public boolean enabled() {
        return enabled;
    }

    /**
     * Runs work with the adapter switched off: what the reference policy would do, bit for bit what the network did before
     * the adapter was attached.
     */
    public <T> T disabledDuring(Supplier<T> work) {
        boolean before = enabled;
        enabled = false;
        try {
            return work.get();
        } finally {
            enabled = before;
        }
    }

    /**
     * Overwrites the values in place.
     *
     * @param tensors exactly the names and shapes of {@link #parameters()}, any floating type
     * @return how many modules were bound: always {@link #modules()}
     * @throws InputException if a name is missing, unknown, or has another shape; then nothing was changed
     */
    public int load(Map<String, Tensor> tensors) {
        for (String name : tensors.keySet()) {
            if (!parameters.containsKey(name)) {
                throw new InputException("adapter tensor '" + name + "' belongs to no adapted module here:"
                        + " use the same target_modules and base model");
            }
        }
        Map<Tensor, Tensor> sources = new LinkedHashMap<>();
        parameters.forEach((name, own) -> {
            Tensor given = tensors.get(name);
            if (given == null) {
                throw new InputException("the adapter has no tensor '" + name
                        + "': it was trained on other modules; use the same target_modules");
            }
            if (!Arrays.equals(given.shape(), own.shape())) {
                throw new InputException("adapter tensor '" + name + "' has shape " + Arrays.toString(given.shape())
                        + " but " + Arrays.toString(own.shape()) + " is expected: use the same rank and base model");
            }
            sources.put(own, given);
        });
        sources.forEach(Tensor::assign);
        return modules();
    }

    /** Detaches the adapter and frees its tensors. */
    @Override
    public void close() {
        targets.values().forEach(linear -> linear.attach(null));
        targets.clear();
        parameters.values().forEach(Tensor::close);
    }
}
