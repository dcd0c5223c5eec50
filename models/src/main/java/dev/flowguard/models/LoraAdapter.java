package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A low-rank adapter on a network's linear layers, and the owner of its tensors. It takes part in forward passes while it is
 * the network's active one; while none is, or it is disabled, the network is the reference policy.
 *
 * <p>Used by one thread at a time, that of the network's forward passes. Closing it detaches it.
 */
public final class LoraAdapter implements AutoCloseable {

    private final Adapters adapters;
    private final LoraConfig config;
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<Linear, LoraBranch> branches = new LinkedHashMap<>();
    private boolean enabled = true;

    private LoraAdapter(Adapters adapters, LoraConfig config) {
        this.adapters = adapters;
        this.config = config;
    }

    /** Freshly drawn and trainable. */
    static LoraAdapter fresh(Adapters adapters, Network network, LoraConfig config, long seed) {
        LoraAdapter adapter = new LoraAdapter(adapters, config);
        Device device = device(network);
        List<String> paths = config.targets().select(network.linears().keySet());
        Map<String, Integer> ranks = config.ranks(paths);
        Map<String, Double> alphas = config.alphas(paths);
        try (Scope scope = Scope.open()) {
            for (String path : paths) {
                Linear linear = at(network, path);
                int rank = ranks.getOrDefault(path, config.rank());
                double alpha = alphas.getOrDefault(path, config.alpha());
                // With B = 0 a fresh adapter changes nothing.
                float[] values = config.initialization()
                        .of(rank, linear.in())
                        .draw(seed, path + LoraModule.A, Math.toIntExact(rank * linear.in()));
                Tensor a = Tensor.of(device, values, rank, linear.in()).requireGradient();
                Tensor b = Tensor.of(device, new float[Math.toIntExact(linear.out() * rank)], linear.out(), rank)
                        .requireGradient();
                adapter.add(linear, new LoraModule(path, a, b, alpha));
            }
            adapter.parameters.values().forEach(Tensor::unscoped);
        }
        return adapter;
    }

    /** With given values, which no training changes. */
    static LoraAdapter frozen(Adapters adapters, Network network, LoraConfig config, List<LoraModule> modules) {
        LoraAdapter adapter = new LoraAdapter(adapters, config);
        for (LoraModule module : modules) {
            requireFits(network, module);
        }
        try (Scope scope = Scope.open()) {
            for (LoraModule module : modules) {
                Tensor a = own(module.a(), network);
                Tensor b = own(module.b(), network);
                adapter.add(at(network, module.path()), new LoraModule(module.path(), a, b, module.alpha()));
            }
            adapter.parameters.values().forEach(Tensor::unscoped);
        }
        return adapter;
    }

    private static Tensor own(Tensor values, Network network) {
        // Converted or moved tensors are new ones already, others must not be shared with the caller.
        return values.detach().to(DType.FLOAT32).to(device(network)).duplicate();
    }

    private static void requireFits(Network network, LoraModule module) {
        Linear linear = network.linears().get(module.path());
        if (linear == null) {
            throw new InputException("the adapter changes '" + module.path()
                    + "', but this transformer has no such linear layer: was it trained on another model?");
        }
        if (module.a().size(1) != linear.in() || module.b().size(0) != linear.out()) {
            throw new InputException("the adapter's '" + module.path() + "' is for a layer of "
                    + module.a().size(1) + " inputs and " + module.b().size(0) + " outputs, but here it has "
                    + linear.in() + " and " + linear.out() + ": was it trained on another model?");
        }
    }

    private static Linear at(Network network, String path) {
        Linear linear = network.linears().get(path);
        if (linear == null) {
            throw new IllegalStateException(path + " is no linear layer");
        }
        return linear;
    }

    private static Device device(Network network) {
        return network.parameters().values().iterator().next().device();
    }

    private void add(Linear linear, LoraModule module) {
        parameters.putAll(LoraModule.tensors(List.of(module)));
        branches.put(linear, new LoraBranch(this, module.a(), module.b(), module.scale()));
    }

    /** Rank, alpha and targets. */
    public LoraConfig config() {
        return config;
    }

    /** How many linear layers it adapts; each has an A and a B. */
    public int modules() {
        return branches.size();
    }

    /**
     * The tensors, FLOAT32, under PEFT's names, such as
     * {@code base_model.model.transformer_blocks.0.attn.to_q.lora_A.weight}, in the order of the network. Still owned by the
     * adapter.
     */
    public Map<String, Tensor> parameters() {
        return Collections.unmodifiableMap(parameters);
    }

    /** Whether forward passes include it while it is the active one. */
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

    /** Makes the layers include it, in place of any other. */
    void bind() {
        branches.forEach(Linear::attach);
    }

    /** Makes the layers forget it. */
    void unbind() {
        branches.keySet().forEach(linear -> linear.attach(null));
    }

    /** Detaches the adapter and frees its tensors. */
    @Override
    public void close() {
        adapters.detach(this);
        branches.clear();
        parameters.values().forEach(Tensor::close);
    }
}
