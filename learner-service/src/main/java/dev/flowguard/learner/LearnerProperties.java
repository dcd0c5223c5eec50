package dev.flowguard.learner;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The learner's settings; what makes a run is in its recipe.
 *
 * @param recipe the run file
 * @param preset in place of the recipe's
 * @param iterations in place of the recipe's
 * @param outputDir in place of the recipe's
 * @param seed in place of the recipe's
 * @param pipeline the base model's folder, in place of the recipe's
 * @param resume whether to go on from the output folder's last checkpoint
 * @param rewardTargets gRPC target by reward name, in place of the recipe's
 * @param workersPipeline the pipeline directory as workers see it, where that differs from the recipe's
 * @param leaseTime how long a lease lives without a heartbeat
 * @param longestLease how long a lease lives at most
 * @param heartbeatInterval how often workers should show that they live
 * @param maxTries how often a group may fail before it is dropped
 * @param maxConcurrentGroups most training groups in flight
 * @param warnAfter pause between two warnings that no worker is connected
 * @param giveUpAfter how long no worker may be connected before the run ends
 * @param keptCheckpoints how many checkpoints are kept
 * @param stopWithin how long a stop may take
 */
@ConfigurationProperties("flowguard.learner")
public record LearnerProperties(
        @Nullable Path recipe,
        @Nullable String preset,
        @Nullable Integer iterations,
        @Nullable Path outputDir,
        @Nullable Long seed,
        @Nullable Path pipeline,
        @DefaultValue("false") boolean resume,
        @DefaultValue Map<String, String> rewardTargets,
        @Nullable String workersPipeline,
        @DefaultValue("60s") Duration leaseTime,
        @DefaultValue("1h") Duration longestLease,
        @DefaultValue("10s") Duration heartbeatInterval,
        @DefaultValue("5") int maxTries,
        @DefaultValue("1024") int maxConcurrentGroups,
        @DefaultValue("60s") Duration warnAfter,
        @DefaultValue("30m") Duration giveUpAfter,
        @DefaultValue("3") int keptCheckpoints,
        @DefaultValue("2m") Duration stopWithin) {}
