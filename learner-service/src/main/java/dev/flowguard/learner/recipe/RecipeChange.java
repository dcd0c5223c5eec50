package dev.flowguard.learner.recipe;

import dev.flowguard.tensor.InputException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** What may change between a run and its continuation: how long, how it is watched and where its services are. */
public final class RecipeChange {
    private static final Pattern HARMLESS = Pattern.compile(
            "iterations|output_dir|evaluation\\.every|model\\.(device|gradient_checkpointing|text_encoders|prompt_cache)|groups\\.micro_batch_size"
                    + "|rewards\\[\\d+]\\.(target|deadline_seconds|version|weights_sha256)|reward_swap\\..*");

    private RecipeChange() {}

    /**
     * Checks that a run can go on under a recipe.
     *
     * @param began the recipe it began with
     * @param file where the new one came from, for the message
     * @throws InputException naming the first key whose change would make another run of it
     */
    public static void requireCompatible(Recipe began, Recipe now, Path file) {
        Map<String, String> before = flat(began);
        Map<String, String> after = flat(now);
        TreeMap<String, String> keys = new TreeMap<>(before);
        keys.putAll(after);
        for (String key : keys.keySet()) {
            String old = before.getOrDefault(key, "absent");
            String fresh = after.getOrDefault(key, "absent");
            if (!old.equals(fresh) && !HARMLESS.matcher(key).matches()) {
                throw new InputException(file + ": " + key + " is " + fresh + " but the run began with " + old
                        + "; set it back, or start a new run in another output_dir");
            }
        }
    }

    private static Map<String, String> flat(Recipe recipe) {
        Map<String, String> keys = new TreeMap<>();
        flatten("", RecipeLoader.toTree(recipe), keys);
        return keys;
    }

    private static void flatten(String path, JsonNode node, Map<String, String> into) {
        if (node.isObject()) {
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                flatten(path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(), entry.getValue(), into);
            }
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                flatten(path + "[" + i + "]", node.get(i), into);
            }
        } else if (!node.isNull()) {
            into.put(path, node.asString());
        }
    }
}
