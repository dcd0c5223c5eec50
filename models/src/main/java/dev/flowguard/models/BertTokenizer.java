package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Text to token ids as transformers' {@code BertTokenizer} does it with {@code truncation=True}. Safe for several threads. */
public final class BertTokenizer implements AutoCloseable {

    private final FastTokenizer tokenizer;
    private final int vocabularySize;

    private BertTokenizer(FastTokenizer tokenizer, int vocabularySize) {
        this.tokenizer = tokenizer;
        this.vocabularySize = vocabularySize;
    }

    /**
     * Reads a {@code tokenizer.json}.
     *
     * @throws InputException if it is missing, corrupt, or no BERT's
     */
    public static BertTokenizer load(Path json) {
        ConfigFile file = ConfigFile.read(json);
        JsonNode vocabulary = file.root().path("model").path("vocab");
        if (!file.root().path("model").path("type").asString("").equals("WordPiece") || !vocabulary.isObject()) {
            throw file.invalid("model", "is no WordPiece vocabulary: this is no BERT tokenizer");
        }
        int largest = -1;
        for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
            largest = Math.max(largest, entry.getValue().asInt(-1));
        }
        for (JsonNode added : file.root().path("added_tokens")) {
            largest = Math.max(largest, added.path("id").asInt(-1));
        }
        // Nothing is padded here.
        FastTokenizer tokenizer = FastTokenizer.open(FastTokenizer.bytes(json), json, 0);
        if (tokenizer.encode("").length != 2) {
            tokenizer.close();
            throw file.invalid("post_processor", "must put every text between two tokens, [CLS] and [SEP]");
        }
        return new BertTokenizer(tokenizer, largest + 1);
    }

    /** One more than the largest id. */
    public int vocabularySize() {
        return vocabularySize;
    }

    /**
     * Start, text, end; no padding.
     *
     * @param most length of the result; longer texts lose their tail, but never the end token
     */
    public long[] encode(String text, int most) {
        long[] ids = tokenizer.encode(text);
        return ids.length > most ? tokenizer.encode(text, most) : ids;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
