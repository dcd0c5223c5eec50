/**
 * Bridges to reward models that are served elsewhere by other protocols: JSON over HTTP ({@code http}), and the Open Inference Protocol
 * over gRPC ({@code kserve}).
 *
 * <p>An {@code Endpoint} asks for the scores of one batch; the {@code BridgeWorker} decides what a refusal, a failure or a score out of range
 * means for each item. Whatever the endpoint does, an item without a score is answered with the reason, never with a zero.
 */
@NullMarked
package dev.flowguard.reward.bridge;

import org.jspecify.annotations.NullMarked;
