package dev.flowguard.cli.report;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a report says about a run beside its metrics.
 *
 * @param runId the run's identifier
 * @param plannedIterations how many iterations were asked for
 * @param scorers in the order of the recipe
 * @param settings effective settings by dotted key, in the order of the recipe
 * @param before evaluation images of the untrained policy; null before the first evaluation
 * @param after evaluation images of the latest policy that was evaluated; null before the second evaluation
 */
public record RunDescription(
        String runId,
        RunStatus status,
        int plannedIterations,
        List<ScorerFacts> scorers,
        Map<String, String> settings,
        @Nullable SampleSheet before,
        @Nullable SampleSheet after) {

    public RunDescription {
        scorers = List.copyOf(scorers);
    }

    /**
     * A scorer of the run.
     *
     * @param trained whether its score is part of the training reward
     * @param weight its weight in it
     */
    public record ScorerFacts(String name, boolean trained, double weight) {}
}
