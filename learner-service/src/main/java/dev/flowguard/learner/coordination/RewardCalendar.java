package dev.flowguard.learner.coordination;

import dev.flowguard.proto.v1.RewardEndpoint;
import java.util.List;
import java.util.TreeMap;

/**
 * Who scores which iteration.
 *
 * <p>INVARIANT: what was once said about an iteration that has begun never changes, so no group mixes endpoints, however
 * often it is leased.
 *
 * <p>Not thread-safe: the coordinator's lock guards it.
 */
final class RewardCalendar {
    private final TreeMap<Integer, List<RewardEndpoint>> from = new TreeMap<>();

    RewardCalendar(List<RewardEndpoint> endpoints) {
        from.put(0, List.copyOf(endpoints));
    }

    /** From this iteration on, which must not have begun, others score. */
    void scoreBy(List<RewardEndpoint> endpoints, int iteration) {
        if (!endpoints.equals(latest())) {
            from.put(iteration, List.copyOf(endpoints));
        }
    }

    /** Who scores the last iteration. */
    List<RewardEndpoint> latest() {
        return from.lastEntry().getValue();
    }

    List<RewardEndpoint> of(GroupSpec group) {
        return from.floorEntry(group.iteration()).getValue();
    }
}
