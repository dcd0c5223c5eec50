/**
 * Scorers behind one RPC: the {@link dev.flowguard.reward.Scorer} extension point, and the service that feeds it.
 *
 * <p>An item's way: {@code ScoreCall} (one RPC: flow control, admission, duplicates) → {@code ScoringPool} (one scorer:
 * dynamic batches, worker threads) → {@link dev.flowguard.reward.ScorerWorker} → back to its call, exactly once.
 */
@NullMarked
package dev.flowguard.reward;

import org.jspecify.annotations.NullMarked;
