package dev.flowguard.models;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Text to token ids as transformers' {@code CLIPTokenizer} does it with {@code padding="max_length", truncation=True}. Safe
 * for several threads.
 */
public final class ClipTokenizer implements AutoCloseable {

    private static final String JSON = "tokenizer.json";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String VOCABULARY = "vocab.json";
    private static final String MERGES = "merges.txt";
    private static final String SPECIAL_TOKENS = "special_tokens_map.json";
    private static final JsonMapper MAPPER = new JsonMapper();

    private final HuggingFaceTokenizer tokenizer;
    private final int maxLength;
    private final int vocabularySize;
    private final long padId;
    private final Map<String, byte[]> files;

    private ClipTokenizer(
            HuggingFaceTokenizer tokenizer, int maxLength, int vocabularySize, long padId, Map<String, byte[]> files) {
        this.tokenizer = tokenizer;
        this.maxLength = maxLength;
        this.vocabularySize = vocabularySize;
        this.padId = padId;
        this.files = files;
    }

    /**
     * Makes a tokenizer from nothing but its vocabulary.
     *
     * @param maxLength length of every sequence, start and end included
     * @param padToken the token that fills a sequence up; one of the vocabulary
     */
    public static ClipTokenizer create(ClipVocabulary vocabulary, int maxLength, String padToken) {
        if (maxLength < 2) {
            throw new IllegalArgumentException("a sequence has at least its start and its end: " + maxLength);
        }
        ObjectNode json = vocabulary.toTokenizerJson(Stream.of(ClipVocabulary.START, ClipVocabulary.END, padToken)
                .distinct()
                .map(AddedToken::plain)
                .toList());
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("add_prefix_space", false);
        config.putAll(specialTokens(padToken));
        config.put("errors", "replace");
        config.put("model_max_length", maxLength);
        config.put("tokenizer_class", "CLIPTokenizer");
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put(JSON, ConfigFile.toJson(json));
        // transformers 4 reads these instead.
        files.put(VOCABULARY, ConfigFile.toJson(vocabulary.ids()));
        String merges = "#version: 0.2\n" + String.join("\n", vocabulary.merges()) + "\n";
        files.put(MERGES, merges.getBytes(StandardCharsets.UTF_8));
        files.put(SPECIAL_TOKENS, ConfigFile.toJson(specialTokens(padToken)));
        files.put(CONFIG, ConfigFile.toJson(config));
        return new ClipTokenizer(
                open(MAPPER.writeValueAsBytes(json), Path.of(JSON)),
                maxLength,
                vocabulary.tokens().size(),
                vocabulary.tokens().indexOf(padToken),
                files);
    }

    /**
     * Reads a tokenizer's directory: {@code tokenizer_config.json} and {@code tokenizer.json}, or in place of the latter
     * {@code vocab.json} and {@code merges.txt}.
     *
     * @throws InputException if a file is missing or corrupt
     */
    public static ClipTokenizer load(Path directory) {
        ConfigFile config = ConfigFile.read(directory.resolve(CONFIG));
        int maxLength = config.positive("model_max_length", 77);
        String padToken = token(config, "pad_token", ClipVocabulary.END);
        boolean whole = Files.isRegularFile(directory.resolve(JSON));
        ConfigFile file = ConfigFile.read(directory.resolve(whole ? JSON : VOCABULARY));
        Map<String, Integer> ids = ids(file, whole ? file.root().path("model").path("vocab") : file.root());
        if (whole) {
            for (JsonNode added : file.root().path("added_tokens")) {
                ids.put(added.path("content").asString(""), added.path("id").asInt(-1));
            }
        }
        Integer padId = ids.get(padToken);
        if (padId == null) {
            throw config.invalid("pad_token", "is '" + padToken + "', which the vocabulary lacks");
        }
        byte[] json = whole
                ? bytes(file.path())
                : MAPPER.writeValueAsBytes(
                        vocabulary(file, ids, directory.resolve(MERGES)).toTokenizerJson(addedTokens(config, ids)));
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (String name : List.of(JSON, VOCABULARY, MERGES, SPECIAL_TOKENS, CONFIG)) {
            if (Files.isRegularFile(directory.resolve(name))) {
                files.put(name, bytes(directory.resolve(name)));
            }
        }
        int size = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
        return new ClipTokenizer(open(json, file.path()), maxLength, size, padId, files);
    }

    /** Length of every sequence unless another is asked for: {@code model_max_length}. */
    public int maxLength() {
        return maxLength;
    }

    /** One more than the largest id. */
    public int vocabularySize() {
        return vocabularySize;
    }

    /**
     * Start, text, end, padding.
     *
     * @param length of the result; longer texts lose their tail, but never the end token
     */
    public long[] encode(String text, int length) {
        long[] all = tokenizer.encode(text, true, false).getIds();
        long[] ids = Arrays.copyOf(all, length);
        if (all.length > length) {
            ids[length - 1] = all[all.length - 1];
        } else {
            Arrays.fill(ids, all.length, length, padId);
        }
        return ids;
    }

    /** Writes the files that this tokenizer was loaded from, or those of a created one. */
    void save(Path directory) {
        files.forEach((name, content) -> AtomicFile.write(directory.resolve(name), content));
    }

    @Override
    public void close() {
        tokenizer.close();
    }

    private static HuggingFaceTokenizer open(byte[] json, Path file) {
        try {
            return HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json), Map.of("padding", "do_not_pad", "truncation", "do_not_truncate"));
        } catch (IOException | RuntimeException e) {
            throw new InputException(file + " is no usable tokenizer: " + e.getMessage(), e);
        }
    }

    private static Map<String, Object> specialTokens(String padToken) {
        Map<String, Object> tokens = new LinkedHashMap<>();
        tokens.put("bos_token", ClipVocabulary.START);
        tokens.put("eos_token", ClipVocabulary.END);
        tokens.put("pad_token", padToken);
        tokens.put("unk_token", ClipVocabulary.END);
        return tokens;
    }

    private static List<AddedToken> addedTokens(ConfigFile config, Map<String, Integer> ids) {
        Path map = config.path().resolveSibling(SPECIAL_TOKENS);
        List<AddedToken> tokens = AddedToken.read(config, Files.isRegularFile(map) ? ConfigFile.read(map) : null);
        for (AddedToken token : tokens) {
            if (!ids.containsKey(token.content())) {
                throw config.invalid("a special token", "is '" + token.content() + "', which the vocabulary lacks");
            }
        }
        return tokens;
    }

    /** A token in a configuration is a string, or an object with its content. */
    private static String token(ConfigFile config, String key, String absent) {
        JsonNode node = config.root().path(key);
        return node.isObject() ? node.path("content").asString(absent) : config.text(key, absent);
    }

    private static Map<String, Integer> ids(ConfigFile file, JsonNode vocabulary) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
            int id = entry.getValue().asInt(-1);
            if (id < 0) {
                throw file.invalid("vocab", "gives '" + entry.getKey() + "' no id");
            }
            ids.put(entry.getKey(), id);
        }
        if (ids.isEmpty()) {
            throw file.invalid("vocab", "is empty");
        }
        return ids;
    }

    private static ClipVocabulary vocabulary(ConfigFile file, Map<String, Integer> ids, Path merges) {
        String[] tokens = new String[ids.size()];
        ids.forEach((token, id) -> {
            if (id >= tokens.length || tokens[id] != null) {
                throw file.invalid(
                        "the vocabulary", "does not number its tokens from 0 without gaps: see '" + token + "'");
            }
            tokens[id] = token;
        });
        for (String special : List.of(ClipVocabulary.START, ClipVocabulary.END)) {
            if (!ids.containsKey(special)) {
                throw file.invalid("the vocabulary", "lacks " + special);
            }
        }
        List<String> lines = new String(bytes(merges), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#version"))
                .collect(Collectors.toCollection(ArrayList::new));
        for (String line : lines) {
            if (line.split(" ", -1).length != 2) {
                throw new InputException(merges + ": '" + line + "' is not a pair of tokens");
            }
        }
        return new ClipVocabulary(Arrays.asList(tokens), lines);
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new InputException(file + " cannot be read: " + e.getMessage(), e);
        }
    }
}
