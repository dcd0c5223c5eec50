package dev.flowguard.reward;

import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.DescribeResponse;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerGrpc;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** The {@code flowguard.v1.Scorer} service: lets RPCs in while there is room and gives each a {@link ScoreCall}. */
final class ScorerGrpcService extends ScorerGrpc.ScorerImplBase {

    static final Metadata.Key<String> RETRY_DELAY_MS =
            Metadata.Key.of("retry-delay-ms", Metadata.ASCII_STRING_MARSHALLER);

    private final ScorerRegistry scorers;
    private final ImageDecoder decoder;
    private final RewardProperties properties;
    private final RewardMetrics metrics;
    private final Semaphore freeSlots;

    ScorerGrpcService(
            ScorerRegistry scorers, ImageDecoder decoder, RewardProperties properties, RewardMetrics metrics) {
        this.scorers = scorers;
        this.decoder = decoder;
        this.properties = properties;
        this.metrics = metrics;
        this.freeSlots = new Semaphore(properties.admission().queueCapacity());
    }

    @Override
    public void describe(DescribeRequest request, StreamObserver<DescribeResponse> caller) {
        caller.onNext(DescribeResponse.newBuilder()
                .addAllScorers(scorers.descriptions())
                .build());
        caller.onCompleted();
    }

    @Override
    public StreamObserver<ScoreRequest> score(StreamObserver<ScoreResponse> caller) {
        if (!freeSlots.tryAcquire()) {
            metrics.callRefused();
            return refuse(caller);
        }
        CompletableFuture<Void> ended = new CompletableFuture<>();
        ScoreCall call = new ScoreCall(
                (ServerCallStreamObserver<ScoreResponse>) caller,
                scorers,
                decoder,
                properties,
                freeSlots,
                () -> ended.complete(null));
        call.begin();
        long limitMillis = properties.admission().maxCallDuration().toMillis();
        // A caller without a deadline that neither sends nor leaves would keep its slot for ever.
        ended.orTimeout(limitMillis, TimeUnit.MILLISECONDS).exceptionally(timeout -> {
            call.fail(Status.DEADLINE_EXCEEDED.withDescription(
                    "the RPC was open for more than %d ms; split its items over several".formatted(limitMillis)));
            return null;
        });
        return call;
    }

    /** Items that may still be waiting for room; for tests of the invariant that all slots come back. */
    int freeSlots() {
        return freeSlots.availablePermits();
    }

    private StreamObserver<ScoreRequest> refuse(StreamObserver<ScoreResponse> caller) {
        Metadata trailers = new Metadata();
        trailers.put(
                RETRY_DELAY_MS,
                Long.toString(properties.admission().retryDelay().toMillis()));
        caller.onError(Status.RESOURCE_EXHAUSTED
                .withDescription("the queue is full; come back after the delay in the trailer retry-delay-ms")
                .asRuntimeException(trailers));
        return new StreamObserver<>() {
            @Override
            public void onNext(ScoreRequest ignored) {}

            @Override
            public void onError(Throwable gone) {}

            @Override
            public void onCompleted() {}
        };
    }
}
