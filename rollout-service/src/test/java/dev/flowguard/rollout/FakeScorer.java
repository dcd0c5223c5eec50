package dev.flowguard.rollout;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.DescribeResponse;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ItemFailure;
import dev.flowguard.proto.v1.ItemScore;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerGrpc.ScorerImplBase;
import dev.flowguard.proto.v1.ScorerInput;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A scorer that behaves as a test wants, call by call, and scores member m with m + .5 where nothing else is said. */
final class FakeScorer extends ScorerImplBase {

    /** Answers one whole call. */
    @FunctionalInterface
    interface Behaviour {
        void answer(List<ScoreRequest> items, StreamObserver<ScoreResponse> out);
    }

    static final Behaviour SCORES = (items, out) -> {
        items.forEach(item -> out.onNext(score(item.getItemId(), item.getItemId() + .5)));
        out.onCompleted();
    };

    /** Scores the items, the first by the first version and so on. */
    static Behaviour versions(String... versions) {
        return (items, out) -> {
            for (int i = 0; i < versions.length; i++) {
                ScoreResponse plain = score(items.get(i).getItemId(), 9);
                out.onNext(plain.toBuilder()
                        .setScore(plain.getScore().toBuilder().setVersion(versions[i]))
                        .build());
            }
            out.onCompleted();
        };
    }

    final AtomicInteger described = new AtomicInteger();
    final List<List<ScoreRequest>> calls = new CopyOnWriteArrayList<>();
    private final Queue<Behaviour> script = new ConcurrentLinkedQueue<>();
    private volatile ScorerDescription description = ScorerDescription.newBuilder()
            .setScorerId("ocr")
            .setVersion("1")
            .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
            .setArity(Arity.ARITY_POINTWISE)
            .build();

    /** The next call is answered like this. */
    FakeScorer then(Behaviour behaviour) {
        script.add(behaviour);
        return this;
    }

    FakeScorer describedAs(ScorerDescription.Builder next) {
        description = next.setScorerId("ocr").setVersion("1").build();
        return this;
    }

    static ScoreResponse score(long item, double value) {
        return ScoreResponse.newBuilder()
                .setItemId(item)
                .setScore(ItemScore.newBuilder().setValue(value).putNotes("recognized", "WORD"))
                .build();
    }

    static ScoreResponse failure(long item, FailureKind kind, String message) {
        return ScoreResponse.newBuilder()
                .setItemId(item)
                .setFailure(ItemFailure.newBuilder().setKind(kind).setMessage(message))
                .build();
    }

    @Override
    public void describe(DescribeRequest request, StreamObserver<DescribeResponse> out) {
        described.incrementAndGet();
        out.onNext(DescribeResponse.newBuilder()
                .addScorers(ScorerDescription.newBuilder().setScorerId("other"))
                .addScorers(description)
                .build());
        out.onCompleted();
    }

    @Override
    public StreamObserver<ScoreRequest> score(StreamObserver<ScoreResponse> out) {
        List<ScoreRequest> items = new ArrayList<>();
        return new StreamObserver<>() {
            @Override
            public void onNext(ScoreRequest item) {
                items.add(item);
            }

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {
                calls.add(List.copyOf(items));
                Behaviour next = script.poll();
                (next == null ? SCORES : next).answer(items, out);
            }
        };
    }
}
