package dev.flowguard.cli;

import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The rewards to which a recipe gives no target: one reward service in this JVM scores them all.
 *
 * @param names of the rewards
 * @param scorers that are offered
 * @param settings of the scorers, by property
 */
record LocalRewards(List<String> names, Set<String> scorers, Map<String, String> settings) {

    private static final String PREFIX = "flowguard.reward.";

    /** @throws InputException if two rewards want the same scorer with different settings */
    static LocalRewards of(Recipe recipe) {
        List<String> names = new ArrayList<>();
        Set<String> scorers = new LinkedHashSet<>();
        Map<String, String> settings = new TreeMap<>();
        for (Recipe.Reward reward : recipe.rewards()) {
            if (reward.target() == null) {
                names.add(reward.name());
                scorers.add(reward.scorer());
                properties(reward).forEach((key, value) -> {
                    String other = settings.putIfAbsent(key, value);
                    if (other != null && !other.equals(value)) {
                        throw new InputException("the recipe's rewards want " + key + " to be both " + other + " and "
                                + value + ", but one scorer serves them; give all but one of them a target");
                    }
                });
            }
        }
        return new LocalRewards(names, scorers, settings);
    }

    private static Map<String, String> properties(Recipe.Reward reward) {
        Map<String, String> properties = new TreeMap<>();
        String own = PREFIX + reward.scorer() + ".";
        reward.settings().forEach((key, value) -> properties.put(own + key.replace('_', '-'), value));
        if (reward.references() != null) {
            properties.put(PREFIX + "reference-similarity.index", reward.references());
        }
        return properties;
    }

    boolean isEmpty() {
        return names.isEmpty();
    }

    /** As the reward service wants them. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>();
        arguments.add("--" + PREFIX + "scorers=" + String.join(",", scorers));
        settings.forEach((key, value) -> arguments.add("--" + key + "=" + value));
        return arguments;
    }
}
