package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The most recently used prompt embeddings, in Java memory: a few hundred kilobytes each at most, and independent of scopes
 * and devices.
 */
final class PromptCache {

    /**
     * The embeddings of one prompt. Its arrays are not copied: nobody writes to them.
     *
     * @param context [L·D] in row-major order
     * @param tokens L
     * @param pooled [P]
     * @param lastTokenCopies as in {@link Conditioning}
     */
    @SuppressWarnings("ArrayRecordComponent") // entries are never compared
    record Entry(float[] context, int tokens, float[] pooled, int lastTokenCopies) {

        /** A copy of a conditioning of one row. */
        static Entry of(Conditioning row) {
            return new Entry(
                    row.context().toFloats(),
                    Math.toIntExact(row.context().size(1)),
                    row.pooled().toFloats(),
                    row.lastTokenCopies());
        }

        /** The conditioning of this one prompt, FLOAT32, in the current scope. */
        Conditioning toConditioning(Device device) {
            return new Conditioning(
                    Tensor.of(device, context, 1, tokens, context.length / tokens),
                    Tensor.of(device, pooled, 1, pooled.length),
                    lastTokenCopies);
        }

        long floats() {
            return (long) context.length + pooled.length;
        }
    }

    private final long capacity;
    private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long floats;

    /** @param capacity in floats, over all entries */
    PromptCache(long capacity) {
        this.capacity = capacity;
    }

    @Nullable
    Entry get(String prompt) {
        return entries.get(prompt);
    }

    /** Adds an entry, and drops those that were not asked for longest until all fit. */
    void put(String prompt, Entry entry) {
        Entry replaced = entries.put(prompt, entry);
        floats += entry.floats() - (replaced == null ? 0 : replaced.floats());
        var oldest = entries.entrySet().iterator();
        while (floats > capacity && oldest.hasNext()) {
            Map.Entry<String, Entry> dropped = oldest.next();
            floats -= dropped.getValue().floats();
            oldest.remove();
        }
    }

    int size() {
        return entries.size();
    }

    void clear() {
        entries.clear();
        floats = 0;
    }
}
