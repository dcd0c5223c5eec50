package dev.flowguard.models;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.flowguard.tensor.InputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * What a {@code tokenizer.json} describes, called as diffusers calls it: {@code padding="max_length", truncation=True}. Safe
 * for several threads.
 */
final class FastTokenizer implements AutoCloseable {

    private final HuggingFaceTokenizer tokenizer;
    private final long padId;

    private FastTokenizer(HuggingFaceTokenizer tokenizer, long padId) {
        this.tokenizer = tokenizer;
        this.padId = padId;
    }

    /**
     * Makes a tokenizer from the bytes of its {@code tokenizer.json}.
     *
     * @param file what a complaint names
     * @param padId what fills a sequence up
     * @throws InputException if the library cannot read them
     */
    static FastTokenizer open(byte[] json, Path file, long padId) {
        try {
            return new FastTokenizer(
                    HuggingFaceTokenizer.newInstance(
                            new ByteArrayInputStream(json),
                            Map.of("padding", "do_not_pad", "truncation", "do_not_truncate")),
                    padId);
        } catch (IOException | RuntimeException e) {
            throw new InputException(file + " is no usable tokenizer: " + e.getMessage(), e);
        }
    }

    /** The ids of a text with its special tokens, neither cut nor padded. */
    long[] encode(String text) {
        return tokenizer.encode(text, true, false).getIds();
    }

    /** The ids of a text, padded, or cut before its last token: that is the special one that ends every sequence. */
    long[] encode(String text, int length) {
        long[] all = encode(text);
        long[] ids = Arrays.copyOf(all, length);
        if (all.length > length) {
            ids[length - 1] = all[all.length - 1];
        } else {
            Arrays.fill(ids, all.length, length, padId);
        }
        return ids;
    }

    @Override
    public void close() {
        tokenizer.close();
    }

    /** A token in a configuration is a string, or an object with its content. */
    static String token(ConfigFile config, String key, String absent) {
        JsonNode node = config.root().path(key);
        return node.isObject() ? node.path("content").asString(absent) : config.text(key, absent);
    }

    /** Those of the files that are there. */
    static Map<String, byte[]> files(Path directory, List<String> names) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (String name : names) {
            if (Files.isRegularFile(directory.resolve(name))) {
                files.put(name, bytes(directory.resolve(name)));
            }
        }
        return files;
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
    }
}
