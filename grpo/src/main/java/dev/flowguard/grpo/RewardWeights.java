package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The weight of each reward that a run trains on, by the reward's name and in its order, so that a weighted sum has the same
 * last bit in every JVM. Rewards are weighed raw: their scales matter.
 *
 * @param byName finite weights, at least one of them not 0
 */
public record RewardWeights(Map<String, Double> byName) {

    public RewardWeights {
        byName = Collections.unmodifiableSortedMap(new TreeMap<>(byName));
        byName.forEach((name, weight) -> {
            if (!Double.isFinite(weight)) {
                throw new InputException("reward '" + name + "': weight " + weight + "; it must be finite");
            }
        });
        if (byName.values().stream().allMatch(weight -> weight == 0)) {
            throw new InputException("no reward has a weight other than 0, so there is nothing to learn; name one");
        }
    }

    /** One reward, at weight 1. */
    public static RewardWeights only(String name) {
        return new RewardWeights(Map.of(name, 1.0));
    }
}
