package dev.flowguard.learner.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flowguard.models.ModelFamily;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.NearestName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads a {@link Recipe}, strictly: whatever is unknown, misspelt or impossible ends with one line that names it. */
public final class RecipeLoader {
    private static final long LARGEST = 1 << 20;
    private static final String PIPELINE = "/model/pipeline";
    private static final String REPLAY = "experimental_replay";
    /** Keys whose value is one choice as a whole, not a section that a preset may fill up. */
    private static final Set<String> CHOICES = Set.of("stochastic_steps", "schedule", "kl_schedule");

    /** A key with more changed, missing or added characters is another one. */
    private static final int MOST_TYPOS = 2;

    private static final List<String> REQUIRED =
            List.of("/name", PIPELINE, "/model/height", "/model/width", "/prompts/train", "/prompts/held_out");

    private static final YAMLMapper YAML = YAMLMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .changeDefaultPropertyInclusion(include -> include.withValueInclusion(JsonInclude.Include.NON_NULL))
            .build();

    private final Path file;
    private final Map<String, Integer> lines = new HashMap<>();

    private RecipeLoader(Path file) {
        this.file = file;
    }

    /**
     * Reads a recipe.
     *
     * @throws InputException if the file cannot be read or does not describe a run that can be; one line: file and line,
     *     key, how to mend it
     */
    public static Recipe load(Path file, Overrides overrides) {
        return new RecipeLoader(file).load(overrides);
    }

    /** A recipe as YAML that {@link #load} reads back to the same. */
    public static String toYaml(Recipe recipe) {
        return YAML.writeValueAsString(recipe);
    }

    /** A recipe as a tree of its keys. */
    static JsonNode toTree(Recipe recipe) {
        return YAML.valueToTree(recipe);
    }

    private Recipe load(Overrides overrides) {
        ObjectNode written = parse(text());
        requireNoEmptyValues(written, "");
        override(written, overrides);
        ObjectNode whole = YAML.createObjectNode();
        merge(whole, defaults(written));
        merge(whole, written);
        completeRewards(whole);
        completeReplay(whole);
        requireKeys(whole);
        resolvePaths(whole);
        Recipe recipe = bind(whole);
        new RecipeCheck(this::problem).check(recipe);
        return recipe;
    }

    private String text() {
        try {
            if (Files.size(file) > LARGEST) {
                throw new InputException(file + ": larger than 1 MiB; is it a recipe?");
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read (" + e + "); check the path", e);
        }
    }

    private ObjectNode parse(String text) {
        try (JsonParser parser = YAML.createParser(text)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                lines.putIfAbsent(
                        parser.streamReadContext().pathAsPointer().toString(),
                        parser.currentTokenLocation().getLineNr());
            }
            if (YAML.readTree(text) instanceof ObjectNode object) {
                return object;
            }
            throw new InputException(file + ": holds no keys; a recipe begins with name, preset, model, prompts");
        } catch (JacksonException e) {
            throw new InputException(
                    file + ":" + Math.max(1, e.getLocation().getLineNr()) + ": not YAML: "
                            + firstLine(e.getOriginalMessage()) + "; mend the line",
                    e);
        }
    }

    private void requireNoEmptyValues(JsonNode node, String path) {
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String key = path + "/" + entry.getKey();
            if (entry.getValue().isNull()) {
                throw problem(key, "has no value; give it one or delete the key");
            }
            requireNoEmptyValues(entry.getValue(), key);
        }
        for (int i = 0; i < node.size() && node.isArray(); i++) {
            requireNoEmptyValues(node.get(i), path + "/" + i);
        }
    }

    private static void override(ObjectNode recipe, Overrides overrides) {
        if (overrides.preset() != null) {
            recipe.put("preset", overrides.preset());
        }
        if (overrides.iterations() != null) {
            recipe.put("iterations", overrides.iterations());
        }
        if (overrides.outputDir() != null) {
            recipe.put("output_dir", overrides.outputDir().toString());
        }
        if (overrides.seed() != null) {
            recipe.put("seed", overrides.seed());
        }
        Path pipeline = overrides.pipeline();
        if (pipeline != null && recipe.get("model") instanceof ObjectNode model) {
            model.put("pipeline", pipeline.toAbsolutePath().toString());
        }
        for (JsonNode reward : recipe.path("rewards")) {
            String target = overrides.rewardTargets().get(reward.path("name").asString(""));
            if (target != null && reward instanceof ObjectNode object) {
                object.put("target", target);
                if (!target.startsWith(Recipe.Reward.IN_PROCESS)) {
                    // They were for a scorer in this JVM; the service at the address has its own.
                    object.remove("settings");
                }
            }
        }
    }

    private ObjectNode defaults(ObjectNode written) {
        ModelFamily family = family(written);
        try {
            return RecipeDefaults.of(written.path("preset").asString(RecipeDefaults.PRESET), family, YAML);
        } catch (InputException e) {
            throw problem("/preset", "cannot be: " + e.getMessage());
        }
    }

    private ModelFamily family(ObjectNode written) {
        JsonNode pipeline = written.at(PIPELINE);
        if (!pipeline.isString()) {
            // That it must be there is said where all that must be there is.
            return ModelFamily.STABLE_DIFFUSION_3;
        }
        try {
            return ModelFamily.of(beside(pipeline.stringValue()));
        } catch (InputException e) {
            throw problem(PIPELINE, "cannot be: " + e.getMessage());
        }
    }

    private void merge(ObjectNode into, ObjectNode from) {
        for (Map.Entry<String, JsonNode> entry : from.properties()) {
            JsonNode old = into.get(entry.getKey());
            if (!CHOICES.contains(entry.getKey())
                    && old instanceof ObjectNode oldObject
                    && entry.getValue() instanceof ObjectNode newObject) {
                merge(oldObject, newObject);
            } else {
                into.set(entry.getKey(), entry.getValue());
            }
        }
    }

    private void completeRewards(ObjectNode whole) {
        if (!(whole.get("rewards") instanceof ArrayNode rewards) || rewards.isEmpty()) {
            throw problem("/rewards", "is missing; name at least one reward with name and scorer");
        }
        for (int i = 0; i < rewards.size(); i++) {
            if (!(rewards.get(i) instanceof ObjectNode reward)) {
                throw problem("/rewards/" + i, "is no reward; give it name and scorer");
            }
            for (String key : List.of("name", "scorer")) {
                if (!reward.has(key)) {
                    throw problem("/rewards/" + i + "/" + key, "is missing; a reward needs name and scorer");
                }
            }
            ObjectNode complete = RecipeDefaults.reward(YAML);
            merge(complete, reward);
            rewards.set(i, complete);
        }
    }

    private void completeReplay(ObjectNode whole) {
        if (whole.get(REPLAY) instanceof ObjectNode written) {
            ObjectNode complete = RecipeDefaults.replay(YAML);
            merge(complete, written);
            whole.set(REPLAY, complete);
        }
    }

    private void requireKeys(ObjectNode whole) {
        for (String pointer : REQUIRED) {
            if (whole.at(pointer).isMissingNode()) {
                throw problem(pointer, "is missing; add it" + misspelt(whole, pointer));
            }
        }
    }

    /** The key that was probably meant to be the missing one, as the end of a sentence. */
    private static String misspelt(ObjectNode whole, String pointer) {
        JsonNode at = whole;
        for (String name : List.of(pointer.substring(1).split("/", -1))) {
            if (!at.has(name)) {
                return NearestName.within(MOST_TYPOS, name, at.propertyNames())
                        .map(key -> ", or write '" + key + "' as '" + name + "'")
                        .orElse("");
            }
            at = at.path(name);
        }
        return "";
    }

    private void resolvePaths(ObjectNode whole) {
        resolve(whole, "model", "pipeline");
        resolve(whole, "model", "prompt_cache");
        resolve(whole, "prompts", "train");
        resolve(whole, "prompts", "held_out");
        for (JsonNode reward : whole.path("rewards")) {
            if (reward.has("references") && reward instanceof ObjectNode object) {
                object.put(
                        "references",
                        beside(object.path("references").asString()).toString());
            }
            if (reward.get("settings") instanceof ObjectNode settings) {
                resolveMarked(settings);
            }
        }
        String output =
                whole.path("output_dir").asString("runs/" + whole.path("name").asString());
        whole.put("output_dir", Path.of(output).toAbsolutePath().normalize().toString());
    }

    /** What a scorer's settings mean is not known here: values that say that they are relative paths are taken as such. */
    private void resolveMarked(ObjectNode settings) {
        for (String key : List.copyOf(settings.propertyNames())) {
            String value = settings.path(key).asString("");
            if (value.startsWith("./") || value.startsWith("../")) {
                settings.put(key, beside(value).toString());
            }
        }
    }

    private void resolve(ObjectNode whole, String section, String key) {
        if (whole.get(section) instanceof ObjectNode object && object.hasNonNull(key)) {
            object.put(key, beside(object.path(key).asString()).toString());
        }
    }

    /** Paths in a recipe are relative to it. */
    private Path beside(String path) {
        return file.toAbsolutePath().resolveSibling(Path.of(path)).normalize();
    }

    private Recipe bind(ObjectNode whole) {
        try {
            return YAML.treeToValue(whole, Recipe.class);
        } catch (UnrecognizedPropertyException e) {
            List<String> known =
                    e.getKnownPropertyIds().stream().map(Object::toString).toList();
            throw problem(
                    pointer(e),
                    "is no key here; did you mean '"
                            + NearestName.of(e.getPropertyName(), known).orElse("nothing: this section has no keys")
                            + "'?");
        } catch (MismatchedInputException e) {
            throw problem(pointer(e), "has a value of the wrong kind: " + firstLine(e.getOriginalMessage()));
        } catch (JacksonException e) {
            Throwable cause = e.getCause();
            throw problem(
                    pointer(e),
                    firstLine(
                            cause != null && cause.getMessage() != null ? cause.getMessage() : e.getOriginalMessage()));
        }
    }

    private static String pointer(JacksonException e) {
        StringBuilder pointer = new StringBuilder();
        for (JacksonException.Reference reference : e.getPath()) {
            pointer.append('/')
                    .append(reference.getPropertyName() != null ? reference.getPropertyName() : reference.getIndex());
        }
        return pointer.toString();
    }

    /** @param pointer the key as a JSON pointer */
    private InputException problem(String pointer, String what) {
        String key = pointer.substring(Math.min(1, pointer.length()))
                .replaceAll("/(\\d+)(?=/|$)", "[$1]")
                .replace('/', '.');
        Integer line = null;
        for (String at = pointer; line == null && !at.isEmpty(); at = at.substring(0, at.lastIndexOf('/'))) {
            line = lines.get(at);
        }
        return new InputException(file + (line == null ? "" : ":" + line) + ": " + key + " " + what);
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("").strip();
    }
}
