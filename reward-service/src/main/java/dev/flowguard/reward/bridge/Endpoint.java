package dev.flowguard.reward.bridge;

import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import java.util.List;

/** A reward model somewhere else. Thread-safe. */
interface Endpoint {

    /**
     * Asks for the scores of a batch, within the endpoint's timeout.
     *
     * @param items at least one
     * @return one outcome an item, in the items' order
     * @throws BatchRefusedException if the endpoint finds fault with what it was sent, or fails on it
     * @throws EndpointException if it cannot be asked, or its answer makes no sense
     */
    List<ScoreOutcome> ask(List<ScoreItem> items) throws BatchRefusedException, EndpointException;
}
