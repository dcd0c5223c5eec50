package dev.flowguard.reward.bridge;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Brings batches to an endpoint.
 *
 * <p>INVARIANT: an item's outcome does not depend on its company. A batch that the endpoint refuses, or fails on, is sent again item by item, so only the
 * item that is at fault has no score.
 */
final class BridgeWorker implements ScorerWorker {

    private final Endpoint endpoint;
    private final int maxBatchSize;
    private final ScoreRange range;

    BridgeWorker(Endpoint endpoint, int maxBatchSize, ScoreRange range) {
        this.endpoint = endpoint;
        this.maxBatchSize = maxBatchSize;
        this.range = range;
    }

    @Override
    public List<ScoreOutcome> scoreBatch(List<ScoreItem> items) {
        List<ScoreOutcome> outcomes = new ArrayList<>(items.size());
        for (int from = 0; from < items.size(); from += maxBatchSize) {
            List<ScoreItem> part = items.subList(from, Math.min(items.size(), from + maxBatchSize));
            ask(part).stream().map(range::check).forEach(outcomes::add);
        }
        return outcomes;
    }

    private List<ScoreOutcome> ask(List<ScoreItem> items) {
        try {
            return endpoint.ask(items);
        } catch (EndpointException e) {
            return Collections.nCopies(items.size(), new ScoreOutcome.Failed(String.valueOf(e.getMessage())));
        } catch (BatchRefusedException e) {
            if (items.size() == 1) {
                return List.of(e.alone());
            }
            return items.stream().flatMap(item -> ask(List.of(item)).stream()).toList();
        }
    }

    /** The endpoint belongs to the scorer. */
    @Override
    public void close() {}
}
