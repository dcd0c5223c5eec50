package dev.flowguard.cli.report;

import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RecipeLoader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** A recipe as a table for people: dotted keys and their values, in the order of the file. */
final class Settings {

    private static final YAMLMapper YAML = YAMLMapper.builder().build();

    private Settings() {}

    static Map<String, String> of(Recipe recipe) {
        return of(YAML.readTree(RecipeLoader.toYaml(recipe)));
    }

    static Map<String, String> of(JsonNode recipe) {
        Map<String, String> settings = new LinkedHashMap<>();
        flatten("", recipe, settings);
        return settings;
    }

    private static void flatten(String key, JsonNode node, Map<String, String> settings) {
        if (node.isObject()) {
            node.properties()
                    .forEach(entry -> flatten(
                            key.isEmpty() ? entry.getKey() : key + "." + entry.getKey(), entry.getValue(), settings));
        } else if (node.isArray() && !node.isEmpty() && node.get(0).isContainer()) {
            for (int i = 0; i < node.size(); i++) {
                flatten(key + "[" + i + "]", node.get(i), settings);
            }
        } else if (node.isArray()) {
            settings.put(
                    key,
                    StreamSupport.stream(node.spliterator(), false)
                            .map(JsonNode::asString)
                            .collect(Collectors.joining(", ")));
        } else if (!node.isNull()) {
            settings.put(key, node.asString());
        }
    }
}
