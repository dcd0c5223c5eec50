package dev.flowguard.reward;

import java.util.List;

/** One thread's share of a {@link Scorer}. Confined to the thread that opened it. */
public interface ScorerWorker extends AutoCloseable {

    /**
     * Scores a batch. An item's outcome must not depend on the batch that it travels in.
     *
     * @param items at least one, at most {@code flowguard.reward.batch.max-size}
     * @return one outcome an item, in the items' order
     * @throws RuntimeException if the whole batch failed; each of its items is then answered as an internal failure
     */
    List<ScoreOutcome> scoreBatch(List<ScoreItem> items);

    @Override
    void close();
}
