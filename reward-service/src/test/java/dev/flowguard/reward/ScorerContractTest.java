package dev.flowguard.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.DType;
import dev.flowguard.proto.v1.DescribeRequest;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.proto.v1.ScorerInput;
import dev.flowguard.proto.v1.Tensor;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What any caller may rely on, over a real (in-process) transport. */
@Timeout(60)
class ScorerContractTest {

    private static final EncodedImage IMAGE = TestImages.png(TestImages.blank(8, 4, BufferedImage.TYPE_3BYTE_BGR));
    private static final Semaphore OPEN = new Semaphore(Integer.MAX_VALUE);

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private @Nullable ScorerRegistry registry;
    private @Nullable ScorerGrpcService service;
    private @Nullable Server server;
    private @Nullable ManagedChannel channel;

    @Test
    void answersEveryItemExactlyOnceWhateverTheOrder() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(properties(64, 16), FakeScorer.promptLength("length"));
        List<Long> ids = new ArrayList<>(LongStream.range(0, 500).boxed().toList());
        Collections.shuffle(ids, new Random(1));
        Answers answers = new Answers();
        StreamObserver<ScoreRequest> items = stub.score(answers);
        ids.forEach(id -> items.onNext(item(id, "x".repeat(id.intValue() % 50))));
        items.onCompleted();

        assertThat(answers.end()).isEqualTo(Status.OK);
        assertThat(answers.byItem()).hasSize(500);
        answers.byItem().forEach((id, answer) -> assertThat(answer.getScore().getValue())
                .isEqualTo((double) (id % 50)));
        awaitFreeSlots(64);
    }

    @Test
    void answersAnItemBeforeTheCallerHalfCloses() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(properties(64, 16), FakeScorer.promptLength("length"));
        Answers answers = new Answers();
        StreamObserver<ScoreRequest> items = stub.score(answers);
        items.onNext(item(1, "abc"));
        assertThat(answers.next().getScore().getNotesMap()).containsEntry("prompt", "abc");
        items.onNext(item(2, "ab"));
        assertThat(answers.next().getItemId()).isEqualTo(2);
        items.onCompleted();
        assertThat(answers.end()).isEqualTo(Status.OK);
    }

    @Test
    void anRpcWithoutItemsCompletes() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(properties(64, 16), FakeScorer.promptLength("length"));
        Answers answers = new Answers();
        stub.score(answers).onCompleted();
        assertThat(answers.end()).isEqualTo(Status.OK);
        awaitFreeSlots(64);
    }

    @Test
    void oneBadItemDoesNotHarmTheOthers() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(
                properties(64, 16),
                new FakeScorer(
                        "picky",
                        prompt -> switch (prompt) {
                            case "bad" -> new ScoreOutcome.Invalid("no target");
                            case "unlucky" -> new ScoreOutcome.Failed("try again");
                            case "nan" -> new ScoreOutcome.Scored(Double.NaN, Map.of());
                            case "infinite" -> new ScoreOutcome.Scored(Double.NEGATIVE_INFINITY, Map.of());
                            default -> FakeScorer.length(prompt);
                        },
                        OPEN));
        Answers answers =
                score(stub, item(1, "bad"), item(2, "unlucky"), item(3, "nan"), item(4, "infinite"), item(5, "good"));

        assertThat(answers.to(1).getFailure().getKind()).isEqualTo(FailureKind.FAILURE_KIND_INVALID_ITEM);
        assertThat(answers.to(1).getFailure().getMessage()).isEqualTo("no target");
        for (long id = 2; id <= 4; id++) {
            assertThat(answers.to(id).getFailure().getKind()).isEqualTo(FailureKind.FAILURE_KIND_INTERNAL);
        }
        assertThat(answers.to(5).getScore().getValue()).isEqualTo(4);
    }

    @Test
    void aScorerThatThrowsFailsItsBatchAndLivesOn() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(
                properties(64, 16),
                new FakeScorer(
                        "fragile",
                        prompt -> {
                            if (prompt.equals("crash")) {
                                throw new IllegalStateException("native trouble at 0xdeadbeef");
                            }
                            return FakeScorer.length(prompt);
                        },
                        OPEN));
        ScoreResponse crashed = score(stub, item(1, "crash")).to(1);
        assertThat(crashed.getFailure().getKind()).isEqualTo(FailureKind.FAILURE_KIND_INTERNAL);
        assertThat(crashed.getFailure().getMessage()).doesNotContain("0xdeadbeef");
        assertThat(score(stub, item(1, "fine")).to(1).getScore().getValue()).isEqualTo(4);
    }

    @Test
    void malformedImagesAreInvalidItems() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(properties(64, 16), FakeScorer.promptLength("length"));
        List<EncodedImage> malformed = MalformedImages.all();
        ScoreRequest[] requests = new ScoreRequest[malformed.size() + 2];
        for (int i = 0; i < malformed.size(); i++) {
            requests[i] = item(i, "p").toBuilder().setImage(malformed.get(i)).build();
        }
        requests[malformed.size()] =
                item(malformed.size(), "p").toBuilder().clearImage().build();
        requests[malformed.size() + 1] = item(malformed.size() + 1, "x".repeat(1_000_000));
        Answers answers = score(stub, requests);

        assertThat(answers.byItem()).hasSize(requests.length);
        answers.byItem().forEach((id, answer) -> assertThat(answer.getFailure().getKind())
                .as("item %d: %s", id, answer)
                .isEqualTo(FailureKind.FAILURE_KIND_INVALID_ITEM));
        assertThat(score(stub, item(1, "fine")).to(1).hasScore()).isTrue();
        awaitFreeSlots(64);
    }

    @Test
    void metadataReachesWhoeverAsksForIt() throws Exception {
        List<Optional<Struct>> seen = new CopyOnWriteArrayList<>();
        ScorerDescription wantsMetadata = FakeScorer.describe("metadata")
                .addInputs(ScorerInput.SCORER_INPUT_METADATA)
                .build();
        ScorerGrpc.ScorerStub stub = serve(
                properties(64, 16),
                FakeScorer.ofItems(wantsMetadata, item -> seen.add(item.metadata())),
                FakeScorer.ofItems(FakeScorer.describe("prompt").build(), item -> seen.add(item.metadata())));
        Struct nested = Struct.newBuilder()
                .putFields(
                        "include",
                        list(Value.newBuilder()
                                .setStructValue(Struct.newBuilder().putFields("class", text("dog")))
                                .build()))
                .build();
        for (ScoreRequest request : List.of(
                item(1, "a").toBuilder()
                        .setScorerId("metadata")
                        .setMetadata(nested)
                        .build(),
                item(1, "a").toBuilder().setScorerId("metadata").build(),
                item(1, "a").toBuilder()
                        .setScorerId("metadata")
                        .setMetadata(Struct.getDefaultInstance())
                        .build(),
                item(1, "a").toBuilder()
                        .setScorerId("prompt")
                        .setMetadata(nested)
                        .build())) {
            assertThat(score(stub, request).to(1).hasScore()).isTrue();
        }
        assertThat(seen)
                .containsExactly(
                        Optional.of(nested),
                        Optional.empty(),
                        Optional.of(Struct.getDefaultInstance()),
                        Optional.empty());
    }

    @Test
    void metadataBeyondTheLimitIsAnInvalidItem() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(
                properties(64, 16),
                FakeScorer.ofItems(
                        FakeScorer.describe("metadata")
                                .addInputs(ScorerInput.SCORER_INPUT_METADATA)
                                .build(),
                        item -> true));
        Struct large =
                Struct.newBuilder().putFields("tag", text("x".repeat(1024))).build();
        Answers answers =
                score(stub, item(1, "a").toBuilder().setMetadata(large).build(), item(2, "a"));
        assertThat(answers.to(1).getFailure().getKind()).isEqualTo(FailureKind.FAILURE_KIND_INVALID_ITEM);
        assertThat(answers.to(1).getFailure().getMessage()).contains("metadata").contains("1024");
        assertThat(answers.to(2).hasScore()).isTrue();
    }

    private static Value text(String text) {
        return Value.newBuilder().setStringValue(text).build();
    }

    private static Value list(Value element) {
        return Value.newBuilder()
                .setListValue(ListValue.newBuilder().addValues(element))
                .build();
    }

    @Test
    void whatNobodyAskedForIsNotLookedAt() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(properties(64, 16), FakeScorer.promptLength("length"));
        ByteBuffer nan =
                ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(Float.NaN);
        Tensor latents = Tensor.newBuilder()
                .setDtype(DType.DTYPE_FLOAT32)
                .addAllShape(List.of(1L << 40, 1L << 40))
                .setData(ByteString.copyFrom(nan.flip()))
                .build();
        ScoreRequest item = item(1, "abc").toBuilder()
                .setLatents(latents)
                .setTrajectory(latents)
                .setGroupSize(-1)
                .build();

        assertThat(score(stub, item).to(1).getScore().getValue()).isEqualTo(3);
    }

    @Test
    void refusesAnItemIdThatComesTwice() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(properties(64, 16), FakeScorer.promptLength("length"));
        Answers answers = new Answers();
        StreamObserver<ScoreRequest> items = stub.score(answers);
        items.onNext(item(7, "a"));
        items.onNext(item(7, "b"));
        assertThat(answers.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(answers.end().getDescription()).contains("7").contains("twice");
    }

    @Test
    void refusesAnRpcWithTooManyItems() throws Exception {
        ScorerGrpc.ScorerStub stub =
                serve(properties(8, 8, "admission.max-items-per-call", "3"), FakeScorer.promptLength("length"));
        Answers answers = new Answers();
        StreamObserver<ScoreRequest> items = stub.score(answers);
        for (int id = 0; id < 4; id++) {
            items.onNext(item(id, "a"));
        }
        assertThat(answers.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void scorerIdChoosesAmongSeveral() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(
                properties(64, 16),
                FakeScorer.promptLength("length"),
                new FakeScorer("constant", prompt -> new ScoreOutcome.Scored(42, Map.of()), OPEN));
        ScoreRequest length = item(1, "abc").toBuilder().setScorerId("length").build();
        ScoreRequest constant =
                item(2, "abc").toBuilder().setScorerId("constant").build();
        Answers answers = score(stub, length, constant);
        assertThat(answers.to(1).getScore().getValue()).isEqualTo(3);
        assertThat(answers.to(2).getScore().getValue()).isEqualTo(42);

        for (ScoreRequest wrong : List.of(
                item(1, "abc"), item(1, "abc").toBuilder().setScorerId("ocr").build())) {
            Answers refused = new Answers();
            stub.score(refused).onNext(wrong);
            assertThat(refused.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(refused.end().getDescription()).contains("[length, constant]");
        }
    }

    @Test
    void describeListsTheScorersInOrderWithTheServersLimit() throws Exception {
        serve(properties(64, 16), FakeScorer.promptLength("b"), FakeScorer.promptLength("a"));
        List<ScorerDescription> described = ScorerGrpc.newBlockingStub(Objects.requireNonNull(channel))
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .describe(DescribeRequest.getDefaultInstance())
                .getScorersList();
        assertThat(described).extracting(ScorerDescription::getScorerId).containsExactly("b", "a");
        assertThat(described).extracting(ScorerDescription::getMaxImageBytes).containsOnly(64L * 1024);
    }

    @Test
    void itemsOfACancelledRpcAreNotScored() throws Exception {
        Semaphore gate = new Semaphore(0);
        FakeScorer scorer = new FakeScorer("slow", FakeScorer::length, gate);
        ScorerGrpc.ScorerStub stub = serve(properties(8, 8), scorer);
        Answers answers = new Answers();
        ClientCallStreamObserver<ScoreRequest> items = (ClientCallStreamObserver<ScoreRequest>) stub.score(answers);
        items.onNext(item(0, "held"));
        scorer.batchesBegun.acquire();
        for (int id = 1; id < 7; id++) {
            items.onNext(item(id, "queued"));
        }
        awaitDepth("slow", 6);
        assertThat(freeSlots())
                .as("seven items, and the right to send an eighth")
                .isZero();
        items.cancel("enough", null);
        awaitFreeSlots(1);

        gate.release(Integer.MAX_VALUE);
        assertThat(score(stub, item(1, "next caller")).to(1).hasScore()).isTrue();
        assertThat(scorer.itemsScored)
                .as("the one in hand and the next caller's")
                .hasValue(2);
        assertThat(timer("slow", "cancelled").count()).isEqualTo(6);
        awaitFreeSlots(8);
    }

    @Test
    void anRpcEndsAtItsDeadlineAndItsItemsAreNotScored() throws Exception {
        Semaphore gate = new Semaphore(0);
        FakeScorer scorer = new FakeScorer("slow", FakeScorer::length, gate);
        ScorerGrpc.ScorerStub stub = serve(properties(8, 8), scorer);
        Answers answers = new Answers();
        StreamObserver<ScoreRequest> items =
                stub.withDeadlineAfter(1, TimeUnit.SECONDS).score(answers);
        items.onNext(item(0, "held"));
        scorer.batchesBegun.acquire();
        items.onNext(item(1, "queued"));
        assertThat(answers.end().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        awaitFreeSlots(6);
        gate.release(Integer.MAX_VALUE);
        assertThat(score(stub, item(1, "next caller")).to(1).hasScore()).isTrue();
        assertThat(scorer.itemsScored)
                .as("the one in hand and the next caller's")
                .hasValue(2);
        awaitFreeSlots(8);
    }

    @Test
    void anRpcWithoutADeadlineEndsAtTheServersLimit() throws Exception {
        ScorerGrpc.ScorerStub stub =
                serve(properties(8, 8, "admission.max-call-duration", "50ms"), FakeScorer.promptLength("length"));
        Answers answers = new Answers();
        StreamObserver<ScoreRequest> idle = stub.score(answers);
        assertThat(answers.end().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(idle).isNotNull();
        awaitFreeSlots(8);
    }

    @Test
    void refusesNewRpcsWhenTheQueueIsFullAndServesThemAfterwards() throws Exception {
        Semaphore gate = new Semaphore(0);
        FakeScorer scorer = new FakeScorer("slow", FakeScorer::length, gate);
        ScorerGrpc.ScorerStub stub = serve(properties(4, 4), scorer);
        Answers accepted = new Answers();
        StreamObserver<ScoreRequest> items = stub.score(accepted);
        items.onNext(item(0, "p"));
        scorer.batchesBegun.acquire();
        for (int id = 1; id < 20; id++) {
            items.onNext(item(id, "p"));
        }
        items.onCompleted();
        awaitDepth("slow", 3);

        Answers refused = new Answers();
        StreamObserver<ScoreRequest> unheard = stub.score(refused);
        assertThat(unheard).isNotNull();
        assertThat(refused.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        Metadata trailers = Objects.requireNonNull(refused.trailers());
        assertThat(trailers.get(ScorerGrpcService.RETRY_DELAY_MS)).isEqualTo("250");
        assertThat(meters.get("flowguard.reward.calls.refused").counter().count())
                .isEqualTo(1);

        gate.release(Integer.MAX_VALUE);
        assertThat(accepted.end()).isEqualTo(Status.OK);
        assertThat(accepted.byItem()).hasSize(20);
        assertThat(score(stub, item(1, "p")).to(1).hasScore()).isTrue();
    }

    @Test
    void aCallerThatDoesNotReadHoldsNoMoreThanItsWindow() throws Exception {
        FakeScorer scorer = FakeScorer.promptLength("length");
        ScorerGrpc.ScorerStub stub = serve(properties(64, 4), scorer);
        Answers slow = new Answers(0);
        StreamObserver<ScoreRequest> items = stub.score(slow);
        for (int id = 0; id < 200; id++) {
            items.onNext(item(id, "p"));
        }
        items.onCompleted();
        // Another caller is served meanwhile, at full speed, and its items come out after what the slow one was
        // allowed.
        assertThat(score(stub, item(1, "p"), item(2, "p")).byItem()).hasSize(2);
        assertThat(freeSlots()).isGreaterThanOrEqualTo(60);
        assertThat(scorer.itemsScored.get()).isLessThan(200);

        slow.request(Integer.MAX_VALUE);
        assertThat(slow.end()).isEqualTo(Status.OK);
        assertThat(slow.byItem()).hasSize(200);
        awaitFreeSlots(64);
    }

    @Test
    void batchesWhatIsThere() throws Exception {
        Semaphore gate = new Semaphore(0);
        FakeScorer scorer = new FakeScorer("slow", FakeScorer::length, gate);
        ScorerGrpc.ScorerStub stub = serve(properties(64, 64), scorer);
        Answers answers = new Answers();
        StreamObserver<ScoreRequest> items = stub.score(answers);
        items.onNext(item(0, "first"));
        scorer.batchesBegun.acquire();
        for (int id = 1; id <= 8; id++) {
            items.onNext(item(id, "p"));
        }
        items.onCompleted();
        awaitDepth("slow", 8);
        gate.release(Integer.MAX_VALUE);
        assertThat(answers.end()).isEqualTo(Status.OK);
        DistributionSummary sizes = meters.get("flowguard.reward.batch.size").summary();
        assertThat(sizes.count()).as("1, then 4 and 4").isEqualTo(3);
        assertThat(sizes.max()).isEqualTo(4);
        assertThat(timer("slow", "scored").count()).isEqualTo(9);
    }

    /** INVARIANT: who gains nothing from batches leaves no worker idle that could score. */
    @Test
    void itemsOfAScorerWithoutBatchesAreTakenOneByOne() throws Exception {
        Semaphore gate = new Semaphore(0);
        FakeScorer scorer = new FakeScorer("slow", FakeScorer::length, gate) {
            @Override
            public boolean gainsFromBatches() {
                return false;
            }
        };
        ScorerGrpc.ScorerStub stub = serve(properties(64, 16, "workers", "2"), scorer);
        Answers answers = new Answers();
        StreamObserver<ScoreRequest> items = stub.score(answers);
        for (int id = 0; id < 5; id++) {
            items.onNext(item(id, "p"));
        }
        items.onCompleted();

        scorer.batchesBegun.acquire(2);
        awaitDepth("slow", 3);
        gate.release(1);
        assertThat(answers.next().hasScore()).as("answered before any other").isTrue();
        gate.release(Integer.MAX_VALUE - 1);
        assertThat(answers.end()).isEqualTo(Status.OK);
        assertThat(meters.get("flowguard.reward.batch.size").summary().count()).isEqualTo(5);
    }

    @Test
    void manyCallersAtOnceLoseNothing() throws Exception {
        ScorerGrpc.ScorerStub stub = serve(properties(16, 8), FakeScorer.promptLength("length"));
        List<Answers> callers = new ArrayList<>();
        for (int c = 0; c < 60; c++) {
            Answers answers = new Answers();
            callers.add(answers);
            ClientCallStreamObserver<ScoreRequest> items = (ClientCallStreamObserver<ScoreRequest>) stub.score(answers);
            for (int id = 0; id < 40; id++) {
                items.onNext(item(id, "x".repeat(c)));
            }
            if (c % 7 == 3) {
                items.cancel("changed my mind", null);
            } else {
                items.onCompleted();
            }
        }
        Map<Status.Code, Long> ends = new EnumMap<>(Status.Code.class);
        for (Answers answers : callers) {
            Status end = answers.end();
            ends.merge(end.getCode(), 1L, Long::sum);
            if (end.isOk()) {
                assertThat(answers.byItem()).hasSize(40);
            }
        }
        assertThat(ends.keySet()).isSubsetOf(Status.Code.OK, Status.Code.CANCELLED, Status.Code.RESOURCE_EXHAUSTED);
        assertThat(ends).containsKey(Status.Code.OK);
        awaitFreeSlots(16);
    }

    @Test
    void refusesScorersThatItCannotServe() {
        ScorerDescription groupwise =
                FakeScorer.describe("groups").setArity(Arity.ARITY_GROUPWISE).build();
        ScorerDescription latents = FakeScorer.describe("latents")
                .addInputs(ScorerInput.SCORER_INPUT_LATENTS)
                .build();
        for (ScorerDescription unservable : List.of(groupwise, latents)) {
            assertThatThrownBy(() -> serve(properties(4, 4), new FakeScorer(unservable, FakeScorer::length, OPEN)))
                    .isInstanceOf(RewardConfigurationException.class)
                    .hasMessageContaining(unservable.getScorerId());
        }
        assertThatThrownBy(
                        () -> serve(properties(4, 4), FakeScorer.promptLength("twin"), FakeScorer.promptLength("twin")))
                .isInstanceOf(RewardConfigurationException.class)
                .hasMessageContaining("twice");
    }

    @Test
    void closingLetsEveryWorkerGo() throws Exception {
        FakeScorer scorer = FakeScorer.promptLength("length");
        serve(properties(4, 4), scorer);
        assertThat(scorer.openWorkers).hasValue(1);
        Objects.requireNonNull(registry).close();
        assertThat(scorer.openWorkers).hasValue(0);
    }

    /** One worker and batches of at most four, so that tests know what is where. */
    private static RewardProperties properties(int queueCapacity, int window) {
        return properties(queueCapacity, window, "admission.max-items-per-call", "1000");
    }

    private static RewardProperties properties(int queueCapacity, int window, String key, String value) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "flowguard.reward.workers",
                "1",
                "flowguard.reward.batch.max-size",
                "4",
                "flowguard.reward.batch.max-delay",
                "0s",
                "flowguard.reward.admission.queue-capacity",
                Integer.toString(queueCapacity),
                "flowguard.reward.admission.max-in-flight-per-call",
                Integer.toString(window),
                "flowguard.reward.limits.max-image-bytes",
                "64KB",
                "flowguard.reward.limits.max-image-side",
                "256",
                "flowguard.reward.limits.max-metadata-bytes",
                "1KB"));
        settings.put("flowguard.reward." + key, value);
        return RewardPropertiesTest.bind(settings);
    }

    private ScorerGrpc.ScorerStub serve(RewardProperties properties, Scorer... scorers) throws IOException {
        RewardMetrics metrics = new RewardMetrics(meters);
        ImageDecoders decoder = new ImageDecoders(properties.limits());
        registry = ScorerRegistry.start(List.of(scorers), properties, decoder, metrics);
        service = new ScorerGrpcService(registry, decoder, properties, metrics);
        String name = InProcessServerBuilder.generateName();
        server =
                InProcessServerBuilder.forName(name).addService(service).build().start();
        channel = InProcessChannelBuilder.forName(name).build();
        return ScorerGrpc.newStub(channel);
    }

    @AfterEach
    void stop() throws InterruptedException {
        if (channel != null) {
            channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        }
        if (server != null) {
            server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        }
        if (registry != null) {
            registry.close();
        }
    }

    private static ScoreRequest item(long id, String prompt) {
        return ScoreRequest.newBuilder()
                .setItemId(id)
                .setImage(IMAGE)
                .setPrompt(prompt)
                .build();
    }

    private static Answers score(ScorerGrpc.ScorerStub stub, ScoreRequest... requests) throws InterruptedException {
        Answers answers = new Answers();
        StreamObserver<ScoreRequest> items = stub.score(answers);
        for (ScoreRequest request : requests) {
            items.onNext(request);
        }
        items.onCompleted();
        assertThat(answers.end()).isEqualTo(Status.OK);
        return answers;
    }

    private int freeSlots() {
        return Objects.requireNonNull(service).freeSlots();
    }

    private Timer timer(String scorer, String outcome) {
        return meters.get("flowguard.reward.score.duration")
                .tags("scorer", scorer, "outcome", outcome)
                .timer();
    }

    private void awaitDepth(String scorer, int depth) {
        await().until(() -> meters.get("flowguard.reward.queue.depth")
                        .tag("scorer", scorer)
                        .gauge()
                        .value()
                == depth);
    }

    private void awaitFreeSlots(int all) {
        await().until(() -> freeSlots() == all);
    }
}
