package dev.flowguard.benchmarks.reward;

import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;

/** One Score RPC that sends signs as fast as the transport takes them, and counts what comes back. */
final class Call implements ClientResponseObserver<ScoreRequest, ScoreResponse> {

    private static final int DEADLINE_SECONDS = 60;

    private final Iterator<ScoreRequest> unsent;
    private final int[] answers;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private int scored;
    private boolean halfClosed;

    private Call(List<SignImages.Sign> signs, Function<SignImages.Sign, EncodedImage> encoding) {
        answers = new int[signs.size()];
        unsent = IntStream.range(0, signs.size())
                .mapToObj(i -> ScoreRequest.newBuilder()
                        .setItemId(i)
                        .setPrompt(signs.get(i).prompt())
                        .setImage(encoding.apply(signs.get(i)))
                        .build())
                .iterator();
    }

    /**
     * How it ended.
     *
     * @param scored items with a score
     * @param once whether every item was answered exactly once; an RPC that failed owes no answers
     */
    record Outcome(Status status, int scored, boolean once) {}

    static CompletableFuture<Outcome> start(
            Channel channel, List<SignImages.Sign> signs, Function<SignImages.Sign, EncodedImage> encoding) {
        Call call = new Call(signs, encoding);
        ScorerGrpc.newStub(channel)
                .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                .score(call);
        return call.outcome;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<ScoreRequest> stream) {
        stream.setOnReadyHandler(() -> {
            while (!halfClosed && stream.isReady()) {
                if (unsent.hasNext()) {
                    stream.onNext(unsent.next());
                } else {
                    halfClosed = true;
                    stream.onCompleted();
                }
            }
        });
    }

    @Override
    public void onNext(ScoreResponse response) {
        answers[(int) response.getItemId()]++;
        scored += response.hasScore() ? 1 : 0;
    }

    @Override
    public void onError(Throwable failure) {
        finish(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
        finish(Status.OK);
    }

    private void finish(Status status) {
        boolean once = true;
        for (int count : answers) {
            once &= status.isOk() ? count == 1 : count <= 1;
        }
        outcome.complete(new Outcome(status, scored, once));
    }
}
