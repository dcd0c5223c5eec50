package dev.flowguard.cli.rewardcheck;

import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One Score RPC, seen by its caller: sends its items as fast as the transport takes them and half-closes, and reads as much as it is told to.
 *
 * <p>gRPC calls the observer's methods one at a time; the others may be called from any thread.
 */
final class Exchange implements ClientResponseObserver<ScoreRequest, ScoreResponse> {

    /** The transport enforces the deadline; this is how much later we stop to trust it to. */
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final List<ScoreRequest> asked;
    private final int readAtFirst;
    private final Iterator<ScoreRequest> unsent;
    private final List<ScoreResponse> answers = new ArrayList<>();
    private final CompletableFuture<Void> begun = new CompletableFuture<>();
    private final CompletableFuture<Reply> end = new CompletableFuture<>();
    private volatile @Nullable ClientCallStreamObserver<ScoreRequest> call;
    private boolean halfClosed;

    /** @param readAtFirst how many answers to read before {@link #readAll}; Integer.MAX_VALUE reads whatever comes */
    Exchange(List<ScoreRequest> asked, int readAtFirst) {
        this.asked = List.copyOf(asked);
        this.readAtFirst = readAtFirst;
        this.unsent = this.asked.iterator();
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ScoreRequest> starting) {
        call = starting;
        starting.disableAutoRequestWithInitial(readAtFirst);
        starting.setOnReadyHandler(() -> {
            while (!halfClosed && starting.isReady()) {
                if (unsent.hasNext()) {
                    starting.onNext(unsent.next());
                } else {
                    halfClosed = true;
                    starting.onCompleted();
                }
            }
        });
    }

    @Override
    public void onNext(ScoreResponse answer) {
        answers.add(answer);
        begun.complete(null);
        // Twice as many answers as items are fault enough: an endpoint that never ends must not fill this process.
        if (answers.size() > 2 * asked.size()) {
            cancel();
        }
    }

    @Override
    public void onError(Throwable failure) {
        finish(Status.fromThrowable(failure), Status.trailersFromThrowable(failure));
    }

    @Override
    public void onCompleted() {
        finish(Status.OK, null);
    }

    private void finish(Status status, @Nullable Metadata trailers) {
        begun.complete(null);
        end.complete(new Reply(asked, List.copyOf(answers), status, trailers == null ? new Metadata() : trailers));
    }

    /** Reads whatever comes from now on. */
    void readAll() {
        ClientCallStreamObserver<ScoreRequest> started = call;
        if (started != null) {
            started.request(Integer.MAX_VALUE);
        }
    }

    void cancel() {
        ClientCallStreamObserver<ScoreRequest> started = call;
        if (started != null) {
            started.cancel("cancelled by flowguard reward-check", null);
        }
    }

    /** Waits for the first answer or the end of the RPC, whichever comes first. */
    void awaitFirst(Deadline deadline) throws InterruptedException {
        await(begun, deadline);
    }

    /** Waits for the end of the RPC, which its deadline brings about if nothing else does. */
    Reply await(Deadline deadline) throws InterruptedException {
        Reply reply = await(end, deadline);
        if (reply == null) {
            cancel();
            return new Reply(asked, List.of(), Status.DEADLINE_EXCEEDED, new Metadata());
        }
        return reply;
    }

    private static <T> @Nullable T await(CompletableFuture<T> future, Deadline deadline) throws InterruptedException {
        long patience = Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS)) + GRACE_NANOS;
        try {
            return future.get(patience, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return null;
        } catch (ExecutionException e) {
            throw new IllegalStateException("never completed exceptionally", e);
        }
    }
}
