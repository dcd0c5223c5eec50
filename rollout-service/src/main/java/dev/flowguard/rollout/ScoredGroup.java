package dev.flowguard.rollout;

import dev.flowguard.proto.v1.Lease;
import java.time.Duration;

/**
 * A group that is ready to be handed in.
 *
 * @param lease what was asked for
 * @param policy the policy that drew it
 * @param group what was drawn
 * @param scores what the endpoints said
 * @param scoreTime how long scoring took
 */
record ScoredGroup(Lease lease, BoundPolicy policy, SampledGroup group, GroupScores scores, Duration scoreTime) {}
