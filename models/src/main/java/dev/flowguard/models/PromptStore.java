package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prompt embeddings on disk: a safetensors file per prompt, named by the SHA-256 of all that they follow from (text encoders,
 * tokenizers, type and prompt). Runs, learners and workers may share a folder; the same name is the same content.
 *
 * <p>Nothing is ever deleted here. An entry takes L·D elements: 2.7 MB in 16 bits with T5. The folder can be emptied at any time.
 */
final class PromptStore {

    private static final Logger log = LoggerFactory.getLogger(PromptStore.class);
    private static final String CONTEXT = "context";
    private static final String POOLED = "pooled";
    private static final String LAST_TOKEN_COPIES = "last_token_copies";

    private final Path folder;
    private final byte[] encoders;
    private final DType type;
    private boolean complained;

    /**
     * @param encoders digest of the text encoders and of all their settings
     * @param type what the text encoders compute in: their outputs lose nothing in it
     */
    PromptStore(Path folder, byte[] encoders, DType type) {
        this.folder = folder;
        this.encoders = encoders;
        this.type = type;
    }

    /** The store of a pipeline. Reads all files of its text encoders and tokenizers, without holding them. */
    static PromptStore of(Path cache, PipelineFolder pipeline, LoadOptions options) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        digest.update(PipelineDigest.ofTextEncoders(pipeline.path()));
        // What the index says is in its digest.
        digest.update(String.valueOf(options.maxSequenceLength()).getBytes(StandardCharsets.UTF_8));
        return new PromptStore(cache, digest.digest(), options.textEncoders());
    }

    /** The embeddings of a prompt; null if there are none, or they cannot be read, which is said once. */
    PromptCache.@Nullable Entry read(String prompt) {
        Path file = file(prompt);
        if (!Files.exists(file)) {
            return null;
        }
        try (SafetensorsFile stored = SafetensorsFile.open(file);
                Scope scope = Scope.open()) {
            Tensor context = stored.read(CONTEXT, Device.cpu());
            Tensor pooled = stored.read(POOLED, Device.cpu());
            String copies = stored.metadata().getOrDefault(LAST_TOKEN_COPIES, "");
            if (context.rank() != 3 || pooled.rank() != 2 || !copies.matches("[1-9]\\d{0,8}")) {
                throw new InputException(file + " holds no prompt embeddings");
            }
            return PromptCache.Entry.of(new Conditioning(context, pooled, Integer.parseInt(copies)));
        } catch (InputException | IllegalArgumentException e) {
            complain(e, "an entry of the prompt cache is of no use and is computed again");
            return null;
        }
    }

    /** Writes the embeddings of a prompt; a disk that refuses is no reason to stop, and said once. */
    void write(String prompt, PromptCache.Entry entry) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(LAST_TOKEN_COPIES, Integer.toString(entry.lastTokenCopies()));
        try (Scope scope = Scope.open()) {
            Conditioning row = entry.toConditioning(Device.cpu());
            Safetensors.write(
                    file(prompt),
                    Map.of(CONTEXT, row.context().to(type), POOLED, row.pooled().to(type)),
                    metadata);
        } catch (InputException e) {
            complain(e, "the prompt cache cannot be written; prompts are encoded again in the next run");
        }
    }

    private Path file(String prompt) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        digest.update(encoders);
        digest.update(type.safetensorsName().getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        digest.update(prompt.getBytes(StandardCharsets.UTF_8));
        return folder.resolve(HexFormat.of().formatHex(digest.digest()) + CheckpointFiles.EXTENSION);
    }

    private void complain(RuntimeException cause, String what) {
        if (!complained) {
            log.warn("{}: {}", what, cause.getMessage());
            complained = true;
        }
    }
}
