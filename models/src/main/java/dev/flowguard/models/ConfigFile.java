package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A JSON object from outside, read key by key; every complaint names the file and the key. */
final class ConfigFile {

    /** No configuration is larger; a tokenizer of 50,000 entries has 4 MB. */
    private static final long MAX_BYTES = 64L << 20;

    private static final int MAX_DIMENSION = 1 << 24;
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Path path;
    private final JsonNode root;

    /** Before every key in messages: where in the file the object lies. */
    private final String within;

    private ConfigFile(Path path, JsonNode root) {
        this(path, root, "");
    }

    private ConfigFile(Path path, JsonNode root, String within) {
        this.path = path;
        this.root = root;
        this.within = within;
    }

    static ConfigFile read(Path path) {
        try {
            if (!Files.isRegularFile(path)) {
                throw new InputException(path + " is missing: is this a complete diffusers model directory?");
            }
            if (Files.size(path) > MAX_BYTES) {
                throw new InputException(
                        path + " is larger than " + (MAX_BYTES >> 20) + " MB: that is no configuration");
            }
            JsonNode root = MAPPER.readTree(Files.readAllBytes(path));
            if (!root.isObject()) {
                throw new InputException(path + " is not a JSON object: download or write it again");
            }
            return new ConfigFile(path, root);
        } catch (JacksonException e) {
            throw new InputException(path + " is not valid JSON (" + e.getOriginalMessage() + "): write it again", e);
        } catch (IOException e) {
            throw new InputException(path + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * A JSON object that lies within another file.
     *
     * @param source what messages call it
     * @param prefix of the keys that are meant; it is cut off, and other keys are passed over
     */
    static ConfigFile parse(Path source, String json, String prefix) {
        try {
            JsonNode root = MAPPER.readTree(json);
            ObjectNode meant = MAPPER.createObjectNode();
            root.properties().forEach(entry -> {
                if (entry.getKey().startsWith(prefix)) {
                    meant.set(entry.getKey().substring(prefix.length()), entry.getValue());
                }
            });
            return new ConfigFile(source, meant);
        } catch (JacksonException e) {
            throw new InputException(source + " is not valid JSON (" + e.getOriginalMessage() + "): write it again", e);
        }
    }

    /** The object of that key; an empty one if it is absent, so that everything is as it is by default. */
    ConfigFile object(String key) {
        JsonNode node = root.path(key);
        if (!isAbsent(node) && !node.isObject()) {
            throw invalid(key, "must be an object, not " + node);
        }
        return new ConfigFile(path, isAbsent(node) ? MAPPER.createObjectNode() : node, within + key + ".");
    }

    boolean has(String key) {
        return !isAbsent(root.path(key));
    }

    /** Indented JSON that ends with a newline. */
    static byte[] toJson(Object value) {
        return (MAPPER.writeValueAsString(value) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    Path path() {
        return path;
    }

    JsonNode root() {
        return root;
    }

    InputException invalid(String key, String complaint) {
        return new InputException(path + ": " + within + key + " " + complaint);
    }

    void requireClass(String expected) {
        String found = text("_class_name", expected);
        if (!found.equals(expected)) {
            throw invalid("_class_name", "is '" + found + "' but '" + expected + "' is expected here");
        }
    }

    /** Absent, null, or an empty array or object. */
    void requireEmpty(String key, String complaint) {
        JsonNode node = root.path(key);
        if (!isAbsent(node) && !(node.isContainer() && node.isEmpty())) {
            throw invalid(key, "is set, but " + complaint);
        }
    }

    void requireAll(String key, String value, int count) {
        JsonNode node = root.path(key);
        if (isAbsent(node) && count == 1) {
            return;
        }
        if (!node.isArray() || node.size() != count) {
            throw invalid(key, "must list " + count + " block types");
        }
        for (JsonNode element : node) {
            if (!element.isString() || !element.stringValue().equals(value)) {
                throw invalid(key, "has " + element + ", but only '" + value + "' is supported");
            }
        }
    }

    int positive(String key, int absent) {
        int value = integer(key, absent);
        if (value < 1 || value > MAX_DIMENSION) {
            throw invalid(key, "must be from 1 to " + MAX_DIMENSION + ", not " + value);
        }
        return value;
    }

    int integer(String key, int absent) {
        JsonNode node = root.path(key);
        if (isAbsent(node)) {
            return absent;
        }
        if (!node.isIntegralNumber() || !node.canConvertToInt()) {
            throw invalid(key, "must be an integer, not " + node);
        }
        return node.intValue();
    }

    double number(String key, double absent) {
        JsonNode node = root.path(key);
        if (isAbsent(node)) {
            return absent;
        }
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw invalid(key, "must be a number, not " + node);
        }
        return node.doubleValue();
    }

    boolean flag(String key, boolean absent) {
        JsonNode node = root.path(key);
        if (isAbsent(node)) {
            return absent;
        }
        if (!node.isBoolean()) {
            throw invalid(key, "must be true or false, not " + node);
        }
        return node.booleanValue();
    }

    String text(String key, String absent) {
        JsonNode node = root.path(key);
        if (isAbsent(node)) {
            return absent;
        }
        if (!node.isString()) {
            throw invalid(key, "must be a string, not " + node);
        }
        return node.stringValue();
    }

    /** One of the known strings; the empty one stands for an absent key. */
    <T> T choice(String key, Map<String, T> choices) {
        String value = text(key, "");
        T choice = choices.get(value);
        if (choice == null) {
            throw invalid(
                    key,
                    "is '" + value + "', but only "
                            + choices.keySet().stream()
                                    .filter(name -> !name.isEmpty())
                                    .sorted()
                                    .toList() + " are supported");
        }
        return choice;
    }

    /** Positions in a list, from 0; none if the key is absent. */
    List<Integer> indices(String key) {
        JsonNode node = root.path(key);
        if (isAbsent(node)) {
            return List.of();
        }
        List<Integer> values = new ArrayList<>();
        for (JsonNode element : node) {
            if (!element.isIntegralNumber() || !element.canConvertToInt() || element.intValue() < 0) {
                throw invalid(key, "must be a list of integers of at least 0, not " + node);
            }
            values.add(element.intValue());
        }
        return values;
    }

    List<Integer> positives(String key, List<Integer> absent) {
        JsonNode node = root.path(key);
        if (isAbsent(node)) {
            return absent;
        }
        if (!node.isArray() || node.isEmpty()) {
            throw invalid(key, "must be a list of integers");
        }
        List<Integer> values = new ArrayList<>();
        for (JsonNode element : node) {
            if (!element.isIntegralNumber() || !element.canConvertToInt() || element.intValue() < 1) {
                throw invalid(key, "must be a list of positive integers, not " + node);
            }
            values.add(element.intValue());
        }
        return values;
    }

    List<String> texts(String key) {
        JsonNode node = root.path(key);
        List<String> values = new ArrayList<>();
        for (JsonNode element : node) {
            if (!element.isString()) {
                throw invalid(key, "must be a list of strings, not " + node);
            }
            values.add(element.stringValue());
        }
        return values;
    }

    /** An object whose values are all numbers of one kind; empty if absent. */
    <V> Map<String, V> numbers(String key, Predicate<JsonNode> valid, Function<JsonNode, V> value) {
        JsonNode node = root.path(key);
        Map<String, V> values = new LinkedHashMap<>();
        if (isAbsent(node)) {
            return values;
        }
        if (!node.isObject()) {
            throw invalid(key, "must be an object of numbers, not " + node);
        }
        node.properties().forEach(entry -> {
            if (!entry.getValue().isNumber() || !valid.test(entry.getValue())) {
                throw invalid(key + "." + entry.getKey(), "must be a number, not " + entry.getValue());
            }
            values.put(entry.getKey(), value.apply(entry.getValue()));
        });
        return values;
    }

    static boolean isAbsent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }
}
