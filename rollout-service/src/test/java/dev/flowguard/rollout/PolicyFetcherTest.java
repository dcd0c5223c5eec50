package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.CoordinatorGrpc;
import dev.flowguard.proto.v1.CoordinatorGrpc.CoordinatorImplBase;
import dev.flowguard.proto.v1.FetchPolicyRequest;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.PolicyChunk;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyFetcherTest {

    private static final byte[] PAYLOAD = "the adapter's weights".getBytes(StandardCharsets.UTF_8);

    private static final int TRIES = 3;

    private final Queue<Consumer<StreamObserver<PolicyChunk>>> script = new ArrayDeque<>();
    private final InProcessChannels channels = new InProcessChannels();
    private final PolicyFetcher fetcher = new PolicyFetcher(
            CoordinatorGrpc.newBlockingStub(new ChannelFactory(channels).to(channels.serve(new ScriptedCoordinator()))),
            new Retry(
                    TRIES,
                    new Backoff(Duration.ofMillis(1), Duration.ofMillis(1)),
                    wait -> {},
                    new Random(1),
                    new RolloutMetrics(new SimpleMeterRegistry())),
            Duration.ofSeconds(20));

    @AfterEach
    void close() {
        channels.close();
    }

    @Test
    void putsThePiecesTogether() throws InterruptedException {
        script.add(out -> {
            out.onNext(chunk(0, 0, 5));
            out.onNext(chunk(5, 5, PAYLOAD.length));
            out.onCompleted();
        });

        byte[] got = new byte[PAYLOAD.length];
        fetcher.fetch(announcement().build()).get(got);

        assertThat(got).isEqualTo(PAYLOAD);
    }

    @Test
    void refusesACorruptedPiece() {
        always(out -> {
            byte[] corrupted = PAYLOAD.clone();
            corrupted[3] ^= 1;
            out.onNext(PolicyChunk.newBuilder()
                    .setData(ByteString.copyFrom(corrupted))
                    .build());
            out.onCompleted();
        });

        assertRefused("policy 4 could not be fetched: it arrived with another SHA-256 than announced");
    }

    @Test
    void refusesAGap() {
        always(out -> {
            out.onNext(chunk(0, 0, 5));
            out.onNext(chunk(6, 6, PAYLOAD.length));
            out.onCompleted();
        });

        assertRefused("policy 4 could not be fetched: a chunk came at offset 6 where 5 was due");
    }

    @Test
    void refusesMoreThanAnnounced() {
        always(out -> {
            out.onNext(chunk(0, 0, PAYLOAD.length));
            out.onNext(chunk(PAYLOAD.length, 0, 1));
            out.onCompleted();
        });

        assertRefused("policy 4 could not be fetched: it is longer than the 21 bytes announced");
    }

    @Test
    void refusesLessThanAnnounced() {
        always(out -> {
            out.onNext(chunk(0, 0, 5));
            out.onCompleted();
        });

        assertRefused("policy 4 could not be fetched: it ended after 5 of 21 bytes");
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, (1L << 30) + 1, Long.MAX_VALUE})
    void refusesAnUnreasonableSizeBeforeItAsks(long size) {
        assertThatThrownBy(() -> fetcher.fetch(announcement().setSizeBytes(size).build()))
                .isInstanceOf(PolicyRefusedException.class)
                .hasMessageContaining(size + " bytes");
    }

    @Test
    void triesAgainWhereTheLearnerWasAway() throws InterruptedException {
        script.add(out -> {
            out.onNext(chunk(0, 0, 5));
            out.onError(Status.UNAVAILABLE.asRuntimeException());
        });
        script.add(out -> {
            out.onNext(chunk(0, 0, PAYLOAD.length));
            out.onCompleted();
        });

        assertThat(fetcher.fetch(announcement().build()).remaining()).isEqualTo(PAYLOAD.length);
    }

    @Test
    void refusesAVersionThatIsNoLongerKept() {
        script.add(out -> out.onError(Status.NOT_FOUND.withDescription("gone").asRuntimeException()));

        assertRefused("policy 4 could not be fetched: NOT_FOUND: gone");
    }

    @Test
    void fetchesAgainWhatArrivedDamaged() throws InterruptedException {
        script.add(out -> {
            out.onNext(chunk(0, 0, 5));
            out.onCompleted();
        });
        script.add(out -> {
            out.onNext(chunk(0, 0, PAYLOAD.length));
            out.onCompleted();
        });

        assertThat(fetcher.fetch(announcement().build()).remaining()).isEqualTo(PAYLOAD.length);
    }

    private void always(Consumer<StreamObserver<PolicyChunk>> answer) {
        for (int i = 0; i < TRIES; i++) {
            script.add(answer);
        }
    }

    private void assertRefused(String message) {
        assertThatThrownBy(() -> fetcher.fetch(announcement().build()))
                .isInstanceOf(PolicyRefusedException.class)
                .hasMessage(message);
    }

    private static PolicyAnnouncement.Builder announcement() {
        return PolicyAnnouncement.newBuilder()
                .setVersion(4)
                .setSizeBytes(PAYLOAD.length)
                .setSha256(Sha256.of(PAYLOAD));
    }

    private static PolicyChunk chunk(long offset, int from, int to) {
        return PolicyChunk.newBuilder()
                .setOffset(offset)
                .setData(ByteString.copyFrom(PAYLOAD, from, to - from))
                .build();
    }

    private final class ScriptedCoordinator extends CoordinatorImplBase {
        @Override
        public void fetchPolicy(FetchPolicyRequest request, StreamObserver<PolicyChunk> out) {
            script.remove().accept(out);
        }
    }
}
