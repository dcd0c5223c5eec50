package dev.flowguard.reward;

import dev.flowguard.proto.v1.ScorerDescription;

/**
 * A reward model: the extension point of this service.
 *
 * <p>A scorer is a Spring bean of this type whose bean name is its {@code scorer_id}; make it lazy, so that only the
 * scorers that {@code flowguard.reward.scorers} names load their weights. Implementations are immutable and thread-safe;
 * what is neither (native handles, scratch buffers) belongs in the {@link ScorerWorker}.
 */
public interface Scorer {

    /**
     * What the scorer is and what it wants to be sent. Constant. Inputs must be {@code IMAGE}, alone or with {@code PROMPT} or
     * {@code METADATA} or both, the arity {@code POINTWISE}: the service refuses to start with any other. A
     * {@code max_image_bytes} of 0 stands for the service's own limit; which image formats are taken is the service's to say.
     */
    ScorerDescription description();

    /**
     * Opens one worker. Called once by each worker thread, on that thread; the caller closes the worker there.
     *
     * @throws RuntimeException if the scorer cannot work here; the service then does not start
     */
    ScorerWorker newWorker();

    /**
     * Whether a batch takes less time than its items one by one, as it does in one pass of a network or one request to another
     * server. Where it does not, workers take item by item: none is idle while another has items left, and answers leave at once.
     */
    default boolean gainsFromBatches() {
        return true;
    }
}
