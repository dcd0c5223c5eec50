package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The low-rank adapters of a network by name, of which at most one is active: the policy, its average, others to compare
 * with; and without any the reference. Switching moves no weights.
 *
 * <p>Used on the thread of the network's forward passes, inside or outside of a scope. Each adapter
 * is owned by whoever attached it; closing it takes it away from here.
 */
public final class Adapters {

    private final Network network;
    private final Map<String, LoraAdapter> byName = new LinkedHashMap<>();
    private @Nullable LoraAdapter active;

    Adapters(Network network) {
        this.network = network;
    }

    /**
     * Attaches a freshly initialised adapter, trainable, and makes it the active one. The network's own parameters stay as
     * they are.
     *
     * @param seed what the A matrices are drawn from; B starts at zero, so the adapter changes nothing yet
     * @throws InputException if a target names no linear layer
     * @throws IllegalStateException if there is one of that name already
     */
    public LoraAdapter attach(String name, LoraConfig config, long seed) {
        requireFree(name);
        return add(name, LoraAdapter.fresh(this, network, config, seed));
    }

    /**
     * Attaches a copy of a saved adapter, which no training changes, and makes it the active one.
     *
     * @throws InputException if it was made for another network
     * @throws IllegalStateException if there is one of that name already
     */
    public LoraAdapter attach(String name, SavedAdapter saved) {
        requireFree(name);
        return add(name, LoraAdapter.frozen(this, network, saved.config(), saved.modules()));
    }

    /**
     * Makes that one the active adapter, in place of any other.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public void activate(String name) {
        LoraAdapter adapter = byName.get(name);
        if (adapter == null) {
            throw new IllegalArgumentException("no adapter '" + name + "' among " + names());
        }
        deactivate();
        adapter.bind();
        active = adapter;
    }

    /** Makes none active: the network is what it was before anything was attached, bit for bit. */
    public void deactivate() {
        if (active != null) {
            active.unbind();
            active = null;
        }
    }

    /** The name of the active one. */
    public Optional<String> active() {
        return byName.entrySet().stream()
                .filter(entry -> entry.getValue() == active)
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** The names of all, in the order in which they were attached. */
    public Set<String> names() {
        return Collections.unmodifiableSet(byName.keySet());
    }

    void detach(LoraAdapter adapter) {
        if (active == adapter) {
            deactivate();
        }
        byName.values().remove(adapter);
    }

    private void requireFree(String name) {
        if (byName.containsKey(name)) {
            throw new IllegalStateException("the network has an adapter '" + name + "' already: close that one first");
        }
    }

    private LoraAdapter add(String name, LoraAdapter adapter) {
        byName.put(name, adapter);
        activate(name);
        return adapter;
    }
}
