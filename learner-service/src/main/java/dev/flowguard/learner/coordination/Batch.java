package dev.flowguard.learner.coordination;

import java.util.List;

/**
 * The groups that were waited for together: an iteration's, or an evaluation's.
 *
 * @param groups those that came back, by group id whatever the order of their arrival
 * @param dropped those that were given up
 */
public record Batch(List<ScoredGroup> groups, List<DroppedGroup> dropped) {
    public Batch {
        groups = List.copyOf(groups);
        dropped = List.copyOf(dropped);
    }
}
