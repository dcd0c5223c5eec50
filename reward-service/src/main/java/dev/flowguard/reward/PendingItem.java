package dev.flowguard.reward;

import com.google.protobuf.Struct;
import dev.flowguard.proto.v1.EncodedImage;
import java.util.Optional;

/**
 * An item that was received and awaits its outcome.
 *
 * @param owner the RPC that is owed exactly one {@link Owner#settle} for it
 * @param itemId the caller's name for the item
 * @param scorerVersion who is asked, by {@code ScorerDescription.version}
 * @param image checked, not yet decoded
 * @param prompt the whole prompt
 * @param metadata of the prompt, within the limit of its size
 * @param receivedNanos {@link System#nanoTime} of its arrival
 */
record PendingItem(
        Owner owner,
        long itemId,
        String scorerVersion,
        EncodedImage image,
        String prompt,
        Optional<Struct> metadata,
        long receivedNanos) {

    /** Who waits for items. Thread-safe. */
    interface Owner {

        /** Whether nobody waits any more (cancelled, past its deadline): items need not be scored. */
        boolean isOver();

        /** Takes an item's outcome. Called exactly once an item, also when {@link #isOver}. */
        void settle(PendingItem item, ScoreOutcome outcome);
    }
}
