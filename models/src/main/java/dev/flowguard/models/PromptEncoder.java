package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Prompts to conditioning, each prompt encoded once: what is known comes from the cache, and only for the rest are the text
 * encoders asked, loaded if they are not there, and closed again if the pipeline is to do without them.
 *
 * <p>A pipeline has one, owns it, and forwards {@code encode} to it:
 * <pre>{@code
 * PromptEncoder prompts = PromptEncoder.of(device, new FluxTextEncoders(...));       // put together from parts
 * PromptEncoder prompts = PromptEncoder.load(options, () -> FluxTextEncoders.load(folder, options.textEncoderWeights()));
 * }</pre>
 */
final class PromptEncoder implements AutoCloseable {

    /** 64 MB of floats. */
    private static final long CACHE_FLOATS = 16L << 20;

    private final Device device;
    private final Supplier<TextEncoders> loader;
    private final boolean release;
    private final PromptCache cache = new PromptCache(CACHE_FLOATS);
    private @Nullable TextEncoders encoders;

    private PromptEncoder(Device device, Supplier<TextEncoders> loader, boolean release) {
        this.device = device;
        this.loader = loader;
        this.release = release;
    }

    /** Keeps these encoders, and owns them from now on. */
    static PromptEncoder of(Device device, TextEncoders encoders) {
        PromptEncoder encoder = new PromptEncoder(
                device,
                () -> {
                    throw new IllegalStateException("the text encoders are closed");
                },
                false);
        encoder.encoders = encoders;
        return encoder;
    }

    /** @param loader called now if the encoders are kept, and otherwise for prompts that are not known; outside of no scope */
    static PromptEncoder load(LoadOptions options, Supplier<TextEncoders> loader) {
        boolean release = options.encoderUse() == LoadOptions.EncoderUse.RELEASE;
        PromptEncoder encoder = new PromptEncoder(options.device(), loader, release);
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
        Set<String> unknown = new LinkedHashSet<>();
        for (String prompt : new LinkedHashSet<>(prompts)) {
            PromptCache.Entry entry = cache.get(prompt);
            if (entry == null) {
                unknown.add(prompt);
            } else {
                entries.put(prompt, entry);
            }
        }
        if (!unknown.isEmpty()) {
            encodeUnknown(new ArrayList<>(unknown), entries);
        }
        return assemble(prompts, entries);
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

    private void encodeUnknown(List<String> prompts, Map<String, PromptCache.Entry> entries) {
        try (Scope scope = Scope.open()) {
            Conditioning fresh = encoders().encode(prompts);
            for (int i = 0; i < prompts.size(); i++) {
                PromptCache.Entry entry = PromptCache.Entry.of(fresh.slice(i, i + 1));
                cache.put(prompts.get(i), entry);
                entries.put(prompts.get(i), entry);
            }
        }
        if (release) {
            closeEncoders();
        }
    }

    @SuppressWarnings("NullAway") // entries has every prompt
    private Conditioning assemble(List<String> prompts, Map<String, PromptCache.Entry> entries) {
        PromptCache.Entry first = entries.get(prompts.get(0));
        float[] context = new float[Math.multiplyExact(prompts.size(), first.context().length)];
        float[] pooled = new float[prompts.size() * first.pooled().length];
        for (int i = 0; i < prompts.size(); i++) {
            PromptCache.Entry entry = entries.get(prompts.get(i));
            System.arraycopy(entry.context(), 0, context, i * first.context().length, first.context().length);
            System.arraycopy(entry.pooled(), 0, pooled, i * first.pooled().length, first.pooled().length);
        }
        return new Conditioning(
                Tensor.of(device, context, prompts.size(), first.tokens(), first.context().length / first.tokens()),
                Tensor.of(device, pooled, prompts.size(), first.pooled().length),
                first.lastTokenCopies());
    }

    private void closeEncoders() {
        TextEncoders present = encoders;
        if (present != null) {
            present.close();
            encoders = null;
        }
    }
}
