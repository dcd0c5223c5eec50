package dev.flowguard.models;

import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
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

    private final FastTokenizer tokenizer;
    private final int maxLength;
    private final int vocabularySize;
    private final Map<String, byte[]> files;

    private ClipTokenizer(FastTokenizer tokenizer, int maxLength, int vocabularySize, Map<String, byte[]> files) {
        this.tokenizer = tokenizer;
        this.maxLength = maxLength;
        this.vocabularySize = vocabularySize;
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
                FastTokenizer.open(
                        MAPPER.writeValueAsBytes(json),
                        Path.of(JSON),
                        vocabulary.tokens().indexOf(padToken)),
                maxLength,
                vocabulary.tokens().size(),
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
        String padToken = FastTokenizer.token(config, "pad_token", ClipVocabulary.END);
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
                ? FastTokenizer.bytes(file.path())
                : MAPPER.writeValueAsBytes(
                        vocabulary(file, ids, directory.resolve(MERGES)).toTokenizerJson(addedTokens(config, ids)));
        Map<String, byte[]> files =
                FastTokenizer.files(directory, List.of(JSON, VOCABULARY, MERGES, SPECIAL_TOKENS, CONFIG));
        int size = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
        return new ClipTokenizer(FastTokenizer.open(json, file.path(), padId), maxLength, size, files);
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
        return tokenizer.encode(text, length);
    }

    /** Writes the files that this tokenizer was loaded from, or those of a created one. */
    void save(Path directory) {
        files.forEach((name, content) -> AtomicFile.write(directory.resolve(name), content));
    }

    @Override
    public void close() {
        tokenizer.close();
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
        List<String> lines = new String(FastTokenizer.bytes(merges), StandardCharsets.UTF_8)
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
}
