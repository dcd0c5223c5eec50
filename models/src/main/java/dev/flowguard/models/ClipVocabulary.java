package dev.flowguard.models;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The vocabulary of a CLIP tokenizer: byte-pair encoding of lower-cased text, where {@code </w>} ends a word.
 *
 * @param tokens the token of each id
 * @param merges pairs that become one token, the most urgent first, each as in {@code merges.txt}: {@code "s i"}
 */
public record ClipVocabulary(List<String> tokens, List<String> merges) {

    static final String START = "<|startoftext|>";
    static final String END = "<|endoftext|>";
    private static final String END_OF_WORD = "</w>";

    public ClipVocabulary {
        tokens = List.copyOf(tokens);
        merges = List.copyOf(merges);
    }

    /**
     * A small vocabulary: every character alone and at the end of a word, and each of the given words as one token. Other
     * words are spelled character by character.
     *
     * @param alphabet the characters that prompts may have, printable ASCII without capitals and space
     * @param words made of the alphabet
     */
    public static ClipVocabulary of(String alphabet, List<String> words) {
        Set<String> tokens = new LinkedHashSet<>();
        Set<String> merges = new LinkedHashSet<>();
        for (int i = 0; i < alphabet.length(); i++) {
            char character = alphabet.charAt(i);
            if (character <= ' ' || character > '~' || Character.isUpperCase(character)) {
                throw new IllegalArgumentException("not a lower-case printable ASCII character: '" + character + "'");
            }
            tokens.add(String.valueOf(character));
        }
        List.copyOf(tokens).forEach(character -> tokens.add(character + END_OF_WORD));
        for (String word : words) {
            String merged = word.length() == 1 ? word + END_OF_WORD : word.substring(0, 1);
            if (!tokens.contains(merged)) {
                throw new IllegalArgumentException("the word '" + word + "' is not spelled in the alphabet");
            }
            for (int i = 1; i < word.length(); i++) {
                String part = word.substring(i, i + 1) + (i == word.length() - 1 ? END_OF_WORD : "");
                if (!tokens.contains(part)) {
                    throw new IllegalArgumentException("the word '" + word + "' is not spelled in the alphabet");
                }
                merges.add(merged + " " + part);
                merged += part;
                tokens.add(merged);
            }
        }
        tokens.add(START);
        tokens.add(END);
        return new ClipVocabulary(new ArrayList<>(tokens), new ArrayList<>(merges));
    }

    /** Ids by token, in the order of the ids. */
    Map<String, Integer> ids() {
        Map<String, Integer> ids = new LinkedHashMap<>();
        for (int id = 0; id < tokens.size(); id++) {
            ids.put(tokens.get(id), id);
        }
        return ids;
    }

    /**
     * The content of {@code tokenizer.json}: what transformers' {@code CLIPTokenizer} makes of a vocabulary and merges.
     *
     * @param special start, end, padding: a text that contains one is cut there before anything else
     */
    ObjectNode toTokenizerJson(List<AddedToken> special) {
        Map<String, Integer> ids = ids();
        ObjectNode json = template();
        special.stream()
                .sorted(Comparator.comparing(token -> id(ids, token.content())))
                .forEach(token -> token.writeTo(json.withArray("added_tokens").addObject(), id(ids, token.content())));
        ObjectNode processor = json.withObject("post_processor");
        processor.putArray("sep").add(END).add(id(ids, END));
        processor.putArray("cls").add(START).add(id(ids, START));
        ObjectNode model = json.withObject("model");
        ObjectNode vocab = model.putObject("vocab");
        ids.forEach(vocab::put);
        ArrayNode pairs = model.putArray("merges");
        for (String merge : merges) {
            int space = merge.indexOf(' ');
            pairs.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
        }
        return json;
    }

    /** CLIP's normalisation and word splitting, without a vocabulary. */
    private static ObjectNode template() {
        try (InputStream in = ClipVocabulary.class.getResourceAsStream("clip-tokenizer.json")) {
            return (ObjectNode) new JsonMapper().readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int id(Map<String, Integer> ids, String token) {
        Integer id = ids.get(token);
        if (id == null) {
            throw new IllegalArgumentException("the vocabulary lacks " + token);
        }
        return id;
    }
}
