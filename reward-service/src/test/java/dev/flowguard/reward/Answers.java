package dev.flowguard.reward;

import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a Score RPC answered, seen by a caller that reads only as much as it is told to. */
final class Answers implements ClientResponseObserver<ScoreRequest, ScoreResponse> {

    private static final long SECONDS = 20;

    private final int initialRequest;
    private final BlockingQueue<ScoreResponse> received = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();
    private @Nullable ClientCallStreamObserver<ScoreRequest> call;
    private volatile @Nullable Metadata trailers;

    Answers() {
        this(Integer.MAX_VALUE);
    }

    /** @param initialRequest how many responses to read at first */
    Answers(int initialRequest) {
        this.initialRequest = initialRequest;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ScoreRequest> started) {
        call = started;
        started.disableAutoRequestWithInitial(initialRequest);
    }

    @Override
    public void onNext(ScoreResponse response) {
        received.add(response);
    }

    @Override
    public void onError(Throwable failure) {
        trailers = Status.trailersFromThrowable(failure);
        end.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
        end.complete(Status.OK);
    }

    void request(int more) {
        if (call != null) {
            call.request(more);
        }
    }

    ScoreResponse next() throws InterruptedException {
        ScoreResponse response = received.poll(SECONDS, TimeUnit.SECONDS);
        if (response == null) {
            throw new AssertionError("no answer within " + SECONDS + " s");
        }
        return response;
    }

    Status end() throws InterruptedException {
        try {
            return end.get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("the RPC did not end within " + SECONDS + " s", e);
        }
    }

    @Nullable
    Metadata trailers() {
        return trailers;
    }

    List<ScoreResponse> all() {
        return List.copyOf(received);
    }

    /** The answer to an item; fails if there is none. */
    ScoreResponse to(long itemId) {
        ScoreResponse response = byItem().get(itemId);
        if (response == null) {
            throw new AssertionError("item " + itemId + " was not answered");
        }
        return response;
    }

    /** All answers by item id; fails if an item was answered twice. */
    Map<Long, ScoreResponse> byItem() {
        return received.stream().collect(Collectors.toMap(ScoreResponse::getItemId, Function.identity()));
    }
}
