package dev.flowguard.models;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A token that is looked for in a text before anything else is done to it, as tokenizer configurations describe one.
 *
 * @param content the text that it stands for
 * @param singleWord whether it must not touch other letters
 * @param lstrip whether it swallows the space before it
 * @param rstrip whether it swallows the space after it
 * @param normalized whether it is looked for in the normalised text: then capitals are found too
 */
record AddedToken(String content, boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized) {

    /** In the order in which transformers adds them: of two of one content the later counts. */
    private static final List<String> SPECIAL = List.of("bos_token", "eos_token", "unk_token", "pad_token");

    private static final String DECODER = "added_tokens_decoder";

    /** As transformers takes a token that is only named. */
    static AddedToken plain(String content) {
        return new AddedToken(content, false, false, false, false);
    }

    /**
     * What transformers adds for the special tokens of a tokenizer without {@code tokenizer.json}: as
     * {@code added_tokens_decoder} describes them; where that is missing, as {@code special_tokens_map.json} or else
     * {@code tokenizer_config.json} does.
     */
    static List<AddedToken> read(ConfigFile config, @Nullable ConfigFile specialTokens) {
        Map<String, AddedToken> described = new LinkedHashMap<>();
        for (JsonNode entry : config.root().path(DECODER)) {
            AddedToken token = of(entry, "");
            described.put(token.content, token);
        }
        boolean legacy = config.root().path(DECODER).isMissingNode();
        Map<String, AddedToken> tokens = new LinkedHashMap<>();
        for (String key : SPECIAL) {
            JsonNode node = config.root().path(key);
            if (legacy && specialTokens != null && specialTokens.root().has(key)) {
                node = specialTokens.root().path(key);
            }
            AddedToken token = of(node, key.equals("bos_token") ? ClipVocabulary.START : ClipVocabulary.END);
            tokens.put(token.content, described.getOrDefault(token.content, token));
        }
        return new ArrayList<>(tokens.values());
    }

    /** An entry of {@code added_tokens} in {@code tokenizer.json}. */
    ObjectNode writeTo(ObjectNode entry, int id) {
        return entry.put("id", id)
                .put("content", content)
                .put("single_word", singleWord)
                .put("lstrip", lstrip)
                .put("rstrip", rstrip)
                .put("normalized", normalized)
                .put("special", true);
    }

    /** A token in a configuration is a string, or an object with its content. */
    private static AddedToken of(JsonNode node, String absent) {
        if (!node.isObject()) {
            return plain(node.asString(absent));
        }
        return new AddedToken(
                node.path("content").asString(absent),
                node.path("single_word").asBoolean(false),
                node.path("lstrip").asBoolean(false),
                node.path("rstrip").asBoolean(false),
                node.path("normalized").asBoolean(false));
    }
}
