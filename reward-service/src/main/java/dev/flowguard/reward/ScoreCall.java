package dev.flowguard.reward;

import com.google.protobuf.Struct;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ItemFailure;
import dev.flowguard.proto.v1.ItemScore;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerInput;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Semaphore;

/**
 * One Score RPC. Every item is answered exactly once, unless the RPC itself ends first.
 *
 * <p><b>Slots.</b> A slot is the right to have one item in memory, anywhere between the wire and the written answer. All RPCs share one
 * semaphore of them. A call begins with one slot, takes further ones while its caller keeps sending and slots are free, up to its window, and
 * reuses a slot once the answer has been written. So a caller that reads slowly, or sends nothing, slows nobody but itself, and however many callers
 * there are, memory stays bounded.
 *
 * <p>INVARIANT: {@code slots} = messages asked of the transport and not yet arrived + items in scoring + answers not yet written, and over
 * all calls their sum never exceeds the semaphore's permits. A slot whose item is in scoring when the call ends is given back when the item
 * comes out, because until then it occupies memory.
 *
 * <p>Thread-safe: callbacks of the transport and of the workers meet under this object's lock.
 */
final class ScoreCall implements StreamObserver<ScoreRequest>, PendingItem.Owner {

    private final ServerCallStreamObserver<ScoreResponse> caller;
    private final ScorerRegistry scorers;
    private final ImageDecoder decoder;
    private final RewardProperties properties;
    private final Semaphore freeSlots;
    private final Runnable whenOver;

    private final Set<Long> seenIds = new HashSet<>();
    private final Queue<ScoreResponse> unwritten = new ArrayDeque<>();
    private int slots = 1;
    private int inScoring;
    private boolean halfClosed;
    private volatile boolean over;

    /**
     * @param freeSlots one permit of it has been acquired for this call
     * @param whenOver run once, when the call has ended in whatever way
     */
    ScoreCall(
            ServerCallStreamObserver<ScoreResponse> caller,
            ScorerRegistry scorers,
            ImageDecoder decoder,
            RewardProperties properties,
            Semaphore freeSlots,
            Runnable whenOver) {
        this.caller = caller;
        this.scorers = scorers;
        this.decoder = decoder;
        this.properties = properties;
        this.freeSlots = freeSlots;
        this.whenOver = whenOver;
    }

    /** Takes over flow control. Must be called before the RPC's handler returns, as gRPC demands. */
    void begin() {
        caller.disableAutoRequest();
        caller.setOnReadyHandler(this::write);
        caller.setOnCancelHandler(this::end);
        caller.request(1);
    }

    @Override
    public synchronized void onNext(ScoreRequest request) {
        if (over) {
            return;
        }
        if (!seenIds.add(request.getItemId())) {
            fail(Status.INVALID_ARGUMENT.withDescription("item_id %s came twice; ids are unique within an RPC"
                    .formatted(Long.toUnsignedString(request.getItemId()))));
            return;
        }
        if (seenIds.size() > properties.admission().maxItemsPerCall()) {
            fail(Status.INVALID_ARGUMENT.withDescription("more than %d items in one RPC; open another for the rest"
                    .formatted(properties.admission().maxItemsPerCall())));
            return;
        }
        ScorerRegistry.Entry scorer = scorers.find(request.getScorerId()).orElse(null);
        if (scorer == null) {
            fail(Status.INVALID_ARGUMENT.withDescription(unknownScorer(request.getScorerId())));
            return;
        }
        try {
            PendingItem item = checked(request, scorer);
            inScoring++;
            scorer.pool().submit(item);
        } catch (InvalidItemException e) {
            unwritten.add(failure(
                    request.getItemId(), FailureKind.FAILURE_KIND_INVALID_ITEM, String.valueOf(e.getMessage())));
        }
        if (slots < properties.admission().maxInFlightPerCall() && freeSlots.tryAcquire()) {
            slots++;
            caller.request(1);
        }
        write();
    }

    private PendingItem checked(ScoreRequest request, ScorerRegistry.Entry scorer) throws InvalidItemException {
        if (!request.hasImage()) {
            throw new InvalidItemException("the item has no image");
        }
        decoder.check(request.getImage());
        long maxBytes = scorer.description().getMaxImageBytes();
        if (request.getImage().getData().size() > maxBytes) {
            throw new InvalidItemException("the image has %d bytes; this scorer accepts %d"
                    .formatted(request.getImage().getData().size(), maxBytes));
        }
        String prompt = scorer.wants(ScorerInput.SCORER_INPUT_PROMPT) ? request.getPrompt() : "";
        if (prompt.length() > properties.limits().maxPromptLength()) {
            throw new InvalidItemException("the prompt has %d characters; at most %d are accepted"
                    .formatted(prompt.length(), properties.limits().maxPromptLength()));
        }
        return new PendingItem(
                this,
                request.getItemId(),
                scorer.description().getVersion(),
                request.getImage(),
                prompt,
                metadata(request, scorer),
                System.nanoTime());
    }

    private Optional<Struct> metadata(ScoreRequest request, ScorerRegistry.Entry scorer) throws InvalidItemException {
        if (!scorer.wants(ScorerInput.SCORER_INPUT_METADATA) || !request.hasMetadata()) {
            return Optional.empty();
        }
        long bytes = request.getMetadata().getSerializedSize();
        long maxBytes = properties.limits().maxMetadataBytes().toBytes();
        if (bytes > maxBytes) {
            throw new InvalidItemException(
                    "the metadata of the prompt has %d bytes; at most %d are accepted".formatted(bytes, maxBytes));
        }
        return Optional.of(request.getMetadata());
    }

    private String unknownScorer(String scorerId) {
        return scorerId.isEmpty()
                ? "scorer_id is empty, but there are several scorers here: name one of " + scorers.ids()
                : "no scorer %s here: name one of %s".formatted(scorerId, scorers.ids());
    }

    @Override
    public boolean isOver() {
        return over;
    }

    @Override
    public synchronized void settle(PendingItem item, ScoreOutcome outcome) {
        inScoring--;
        if (over) {
            freeSlots.release();
            return;
        }
        unwritten.add(response(item, outcome));
        write();
    }

    private static ScoreResponse response(PendingItem item, ScoreOutcome outcome) {
        long itemId = item.itemId();
        if (outcome instanceof ScoreOutcome.Scored scored) {
            return ScoreResponse.newBuilder()
                    .setItemId(itemId)
                    .setScore(ItemScore.newBuilder()
                            .setValue(scored.value())
                            .putAllNotes(scored.notes())
                            .setVersion(item.scorerVersion()))
                    .build();
        }
        if (outcome instanceof ScoreOutcome.Invalid invalid) {
            return failure(itemId, FailureKind.FAILURE_KIND_INVALID_ITEM, invalid.message());
        }
        return failure(itemId, FailureKind.FAILURE_KIND_INTERNAL, ((ScoreOutcome.Failed) outcome).message());
    }

    private static ScoreResponse failure(long itemId, FailureKind kind, String message) {
        return ScoreResponse.newBuilder()
                .setItemId(itemId)
                .setFailure(ItemFailure.newBuilder().setKind(kind).setMessage(message))
                .build();
    }

    /** Writes what the caller is ready to read, and asks for as many items as were written. */
    private synchronized void write() {
        while (!over && caller.isReady() && !unwritten.isEmpty()) {
            caller.onNext(unwritten.remove());
            if (halfClosed) {
                slots--;
                freeSlots.release();
            } else {
                caller.request(1);
            }
        }
        if (!over && halfClosed && inScoring == 0 && unwritten.isEmpty()) {
            end();
            caller.onCompleted();
        }
    }

    @Override
    public synchronized void onCompleted() {
        halfClosed = true;
        if (!over) {
            int neverToArrive = slots - inScoring - unwritten.size();
            slots -= neverToArrive;
            freeSlots.release(neverToArrive);
            write();
        }
    }

    @Override
    public void onError(Throwable gone) {
        end();
    }

    /** Ends the RPC with an error, unless it has ended already. */
    synchronized void fail(Status status) {
        if (!over) {
            end();
            caller.onError(status.asRuntimeException());
        }
    }

    private synchronized void end() {
        if (over) {
            return;
        }
        over = true;
        freeSlots.release(slots - inScoring);
        slots = inScoring;
        unwritten.clear();
        seenIds.clear();
        whenOver.run();
    }
}
