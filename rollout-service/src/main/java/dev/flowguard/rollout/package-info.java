/**
 * The rollout service: leases groups from the learner, draws their images, has them scored and hands them in.
 *
 * <p>Begin with {@link dev.flowguard.rollout.LeaseDesk} (the life of a lease), then {@link
 * dev.flowguard.rollout.PipelineSampler} (the sampling loop); {@link dev.flowguard.rollout.RolloutWorker} joins them to
 * the learner.
 */
@NullMarked
package dev.flowguard.rollout;

import org.jspecify.annotations.NullMarked;
