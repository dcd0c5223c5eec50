package dev.flowguard.models;

import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Text to token ids as transformers' {@code T5TokenizerFast} does it with {@code padding="max_length", truncation=True}.
 * Safe for several threads.
 */
public final class T5Tokenizer implements AutoCloseable {

    private static final String JSON = "tokenizer.json";
    private static final String CONFIG = "tokenizer_config.json";
    private static final List<String> FILES =
            List.of(JSON, CONFIG, "special_tokens_map.json", "added_tokens.json", "spiece.model");
    private static final String PAD = "<pad>";

    private final FastTokenizer tokenizer;
    private final int vocabularySize;
    private final Map<String, byte[]> files;

    private T5Tokenizer(FastTokenizer tokenizer, int vocabularySize, Map<String, byte[]> files) {
        this.tokenizer = tokenizer;
        this.vocabularySize = vocabularySize;
        this.files = files;
    }

    /**
     * Reads a tokenizer's directory: {@code tokenizer_config.json} and {@code tokenizer.json}.
     *
     * @throws InputException if a file is missing or corrupt
     */
    public static T5Tokenizer load(Path directory) {
        Path json = directory.resolve(JSON);
        if (!Files.isRegularFile(json) && Files.isRegularFile(directory.resolve("spiece.model"))) {
            throw new InputException(json + " is missing, and spiece.model alone is not enough: load the tokenizer with"
                    + " T5TokenizerFast and save it again");
        }
        ConfigFile config = ConfigFile.read(directory.resolve(CONFIG));
        ConfigFile file = ConfigFile.read(json);
        Vocabulary vocabulary = Vocabulary.of(file, FastTokenizer.token(config, "pad_token", PAD));
        if (vocabulary.padId() < 0) {
            throw config.invalid("pad_token", "is a token that the vocabulary of " + JSON + " lacks");
        }
        FastTokenizer tokenizer = FastTokenizer.open(FastTokenizer.bytes(json), json, vocabulary.padId());
        if (tokenizer.encode("").length != 1) {
            tokenizer.close();
            throw file.invalid("post_processor", "must end every text with one token, </s>, and add no other");
        }
        return new T5Tokenizer(tokenizer, vocabulary.size(), FastTokenizer.files(directory, FILES));
    }

    /** One more than the largest id. */
    public int vocabularySize() {
        return vocabularySize;
    }

    /**
     * Text, end, padding.
     *
     * @param length of the result; longer texts lose their tail, but never the end token
     */
    public long[] encode(String text, int length) {
        return tokenizer.encode(text, length);
    }

    /** Writes the files that this tokenizer was loaded from. */
    void save(Path directory) {
        files.forEach((name, content) -> AtomicFile.write(directory.resolve(name), content));
    }

    @Override
    public void close() {
        tokenizer.close();
    }

    /**
     * A unigram vocabulary: pairs of token and score in the order of their ids, and special tokens that may be part of it.
     *
     * @param size one more than the largest id
     * @param padId id of the token that pads; -1 if there is none
     */
    private record Vocabulary(int size, int padId) {

        static Vocabulary of(ConfigFile file, String padToken) {
            JsonNode pieces = file.root().path("model").path("vocab");
            if (!pieces.isArray() || pieces.isEmpty()) {
                throw file.invalid("model.vocab", "is no list of tokens and scores: this is no T5 tokenizer");
            }
            int size = pieces.size();
            int padId = -1;
            for (int id = 0; id < pieces.size(); id++) {
                if (pieces.get(id).path(0).asString("").equals(padToken)) {
                    padId = id;
                }
            }
            for (JsonNode added : file.root().path("added_tokens")) {
                int id = added.path("id").asInt(-1);
                size = Math.max(size, id + 1);
                if (added.path("content").asString("").equals(padToken)) {
                    padId = id;
                }
            }
            return new Vocabulary(size, padId);
        }
    }
}
