package dev.flowguard.learner.recipe;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command line says against the file.
 *
 * @param preset the algorithm whose settings fill what the file leaves open; null to keep the file's
 * @param iterations null to keep the file's
 * @param outputDir null to keep the file's
 * @param seed null to keep the file's
 * @param pipeline the base model's folder; null to keep the file's
 * @param rewardTargets gRPC target by reward name, where the file's is to be replaced
 */
public record Overrides(
        @Nullable String preset,
        @Nullable Integer iterations,
        @Nullable Path outputDir,
        @Nullable Long seed,
        @Nullable Path pipeline,
        Map<String, String> rewardTargets) {
    public Overrides {
        rewardTargets = Map.copyOf(rewardTargets);
    }

    /** The same with the file's own targets. */
    Overrides withoutRewardTargets() {
        return new Overrides(preset, iterations, outputDir, seed, pipeline, Map.of());
    }

    /** The file as it is. */
    public static Overrides none() {
        return new Overrides(null, null, null, null, null, Map.of());
    }
}
