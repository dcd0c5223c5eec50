package dev.flowguard.reward;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Collection;

/**
 * The meters below {@code flowguard.reward}. Tags are scorer ids and fixed words only, so their number is bounded by the configuration.
 *
 * <ul>
 *   <li>{@code flowguard.reward.queue.depth} {scorer}: items that wait for a worker
 *   <li>{@code flowguard.reward.batch.size} {scorer}: items of each batch that was scored
 *   <li>{@code flowguard.reward.score.duration} {scorer, outcome = scored | invalid_item | internal | cancelled}: from an item's arrival to its
 *       outcome
 *   <li>{@code flowguard.reward.calls.refused}: RPCs refused for want of room
 * </ul>
 */
final class RewardMetrics {

    private final MeterRegistry registry;
    private final Counter refused;

    RewardMetrics(MeterRegistry registry) {
        this.registry = registry;
        this.refused = Counter.builder("flowguard.reward.calls.refused")
                .description("RPCs refused because the queue was full")
                .register(registry);
    }

    void watchQueue(String scorerId, Collection<?> queue) {
        Gauge.builder("flowguard.reward.queue.depth", queue, Collection::size)
                .description("Items that wait for a worker")
                .tag("scorer", scorerId)
                .strongReference(true)
                .register(registry);
    }

    void batch(String scorerId, int size) {
        DistributionSummary.builder("flowguard.reward.batch.size")
                .description("Items of each batch that was scored")
                .tag("scorer", scorerId)
                .register(registry)
                .record(size);
    }

    void settled(String scorerId, PendingItem item, ScoreOutcome outcome) {
        if (outcome instanceof ScoreOutcome.Scored) {
            record(scorerId, "scored", item);
        } else if (outcome instanceof ScoreOutcome.Invalid) {
            record(scorerId, "invalid_item", item);
        } else {
            record(scorerId, "internal", item);
        }
    }

    void cancelled(String scorerId, PendingItem item) {
        record(scorerId, "cancelled", item);
    }

    void callRefused() {
        refused.increment();
    }

    private void record(String scorerId, String outcome, PendingItem item) {
        Timer.builder("flowguard.reward.score.duration")
                .description("From an item's arrival to its outcome")
                .tag("scorer", scorerId)
                .tag("outcome", outcome)
                .register(registry)
                .record(Duration.ofNanos(System.nanoTime() - item.receivedNanos()));
    }
}
