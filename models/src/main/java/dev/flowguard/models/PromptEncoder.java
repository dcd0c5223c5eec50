package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Prompts to conditioning, each prompt encoded once: what is known comes from memory or disk, and only for the rest are the
 * text encoders asked, loaded if they are not there, and closed again if the pipeline is to do without them.
 *
 * <p>A pipeline has one, owns it, and forwards {@code encode} to it:
 * <pre>{@code
 * PromptEncoder prompts = PromptEncoder.of(device, new FluxTextEncoders(...));       // put together from parts
 * PromptEncoder prompts = PromptEncoder.load(folder, options, () -> FluxTextEncoders.load(folder, options.textEncoderWeights()));
 * }</pre>
 */
final class PromptEncoder implements AutoCloseable {

    /** 64 MB of floats. */
    private static final long CACHE_FLOATS = 16L << 20;

    private final Device device;
    private final Supplier<TextEncoders> loader;
    private final boolean release;
    private final @Nullable Supplier<PromptStore> storeOpener;
    private final PromptCache cache = new PromptCache(CACHE_FLOATS);
    private @Nullable PromptStore store;
    private @Nullable TextEncoders encoders;

    private PromptEncoder(
            Device device,
            Supplier<TextEncoders> loader,
            boolean release,
            @Nullable Supplier<PromptStore> storeOpener) {
        this.device = device;
        this.loader = loader;
        this.release = release;
        this.storeOpener = storeOpener;
    }

    /** Keeps these encoders, and owns them from now on; embeddings are remembered in memory only. */
    static PromptEncoder of(Device device, TextEncoders encoders) {
        PromptEncoder encoder = new PromptEncoder(
                device,
                () -> {
                    throw new IllegalStateException("the text encoders are closed");
                },
                false,
                null);
        encoder.encoders = encoders;
        return encoder;
    }

    /** @param loader called now if the encoders are kept, and otherwise whenever prompts come that are not known */
    static PromptEncoder load(PipelineFolder folder, LoadOptions options, Supplier<TextEncoders> loader) {
        Path cache = options.promptCache();
        boolean release = options.encoderUse() == LoadOptions.EncoderUse.RELEASE;
        PromptEncoder encoder = new PromptEncoder(
                options.device(), loader, release, cache == null ? null : () -> PromptStore.of(cache, folder, options));
        if (!release) {
            encoder.encoders = loader.get();
        }
        return encoder;
    }

    /** The conditioning of a batch, row by row, in the current scope. */
    Conditioning encode(List<String> prompts) {
        TextEncoders present = encoders;
        if (present != null && present.networks().stream().anyMatch(Network::requiresGradients)) {
            // Their weights change, and their gradients must flow: nothing may be remembered.
            return present.encode(prompts);
        }
        Map<String, PromptCache.Entry> entries = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        for (String prompt : new LinkedHashSet<>(prompts)) {
            PromptCache.Entry entry = known(prompt);
            if (entry == null) {
                unknown.add(prompt);
            } else {
                entries.put(prompt, entry);
            }
        }
        if (!unknown.isEmpty()) {
            encodeUnknown(unknown, entries);
            releaseEncoders();
        }
        return assemble(prompts, entries);
    }

    /** Encodes what is not known yet, one prompt at a time, so that the encoders are loaded and released once for all. */
    void prepare(Stream<String> prompts) {
        prompts.forEachOrdered(prompt -> {
            if (known(prompt) == null) {
                encodeUnknown(List.of(prompt), new LinkedHashMap<>());
            }
        });
        releaseEncoders();
    }

    /** The encoders; loaded, and from then on kept, if they are not there. */
    TextEncoders encoders() {
        TextEncoders present = encoders;
        if (present == null) {
            present = loader.get();
            encoders = present;
        }
        return present;
    }

    @Override
    public void close() {
        closeEncoders();
        cache.clear();
    }

    private PromptCache.@Nullable Entry known(String prompt) {
        PromptCache.Entry entry = cache.get(prompt);
        PromptStore onDisk = store();
        if (entry == null && onDisk != null) {
            entry = onDisk.read(prompt);
            if (entry != null) {
                cache.put(prompt, entry);
            }
        }
        return entry;
    }

    private void encodeUnknown(List<String> prompts, Map<String, PromptCache.Entry> entries) {
        // Sums may round differently in a larger batch. What others read must follow from the prompt alone.
        int batch = storeOpener == null ? prompts.size() : 1;
        for (int from = 0; from < prompts.size(); from += batch) {
            encodeBatch(prompts.subList(from, from + batch), entries);
        }
    }

    private void encodeBatch(List<String> prompts, Map<String, PromptCache.Entry> entries) {
        PromptStore onDisk = store();
        try (Scope scope = Scope.open()) {
            Conditioning fresh = encoders().encode(prompts);
            for (int i = 0; i < prompts.size(); i++) {
                PromptCache.Entry entry = PromptCache.Entry.of(fresh.slice(i, i + 1));
                cache.put(prompts.get(i), entry);
                entries.put(prompts.get(i), entry);
                if (onDisk != null) {
                    onDisk.write(prompts.get(i), entry);
                }
            }
        }
    }

    /** Opened when the first prompt comes, as it reads all of the encoders' files. */
    private @Nullable PromptStore store() {
        if (store == null && storeOpener != null) {
            store = storeOpener.get();
        }
        return store;
    }

    /** Every prompt goes to the device once, and its copies, as the members of a group have them, are made there. */
    @SuppressWarnings("NullAway") // entries has every prompt
    private Conditioning assemble(List<String> prompts, Map<String, PromptCache.Entry> entries) {
        try (Scope scope = Scope.open()) {
            Map<String, Conditioning> rows = new HashMap<>();
            entries.forEach((prompt, entry) -> rows.put(prompt, entry.toConditioning(device)));
            List<Conditioning> batch = prompts.stream().map(rows::get).toList();
            return new Conditioning(
                            Ops.concat(batch.stream().map(Conditioning::context).toList(), 0),
                            Ops.concat(batch.stream().map(Conditioning::pooled).toList(), 0),
                            batch.get(0).lastTokenCopies())
                    .keep();
        }
    }

    private void releaseEncoders() {
        if (release) {
            closeEncoders();
        }
    }

    private void closeEncoders() {
        TextEncoders present = encoders;
        if (present != null) {
            present.close();
            encoders = null;
        }
    }
}
