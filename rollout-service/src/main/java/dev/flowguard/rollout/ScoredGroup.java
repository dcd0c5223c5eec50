package dev.flowguard.rollout;

import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberScore;
import java.time.Duration;
import java.util.List;

/**
 * A group that is ready to be handed in.
 *
 * @param lease what was asked for
 * @param policy the policy that drew it
 * @param group what was drawn
 * @param scores each member's scores, one an endpoint
 * @param scoreTime how long scoring took
 */
record ScoredGroup(
        Lease lease, BoundPolicy policy, SampledGroup group, List<List<MemberScore>> scores, Duration scoreTime) {

    ScoredGroup {
        scores = List.copyOf(scores);
    }
}
