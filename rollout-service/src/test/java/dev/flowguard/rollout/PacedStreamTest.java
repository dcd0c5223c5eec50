package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PacedStreamTest {

    private final FakeCall call = new FakeCall();
    private final List<String> answers = new ArrayList<>();
    private final Deadline deadline = Deadline.after(20, TimeUnit.SECONDS);

    @Test
    void sendsNoMoreThanTheTransportTakes() {
        PacedStream<Integer, String> stream =
                new PacedStream<>(IntStream.range(0, 5).iterator(), answers::add);
        stream.beforeStart(call);

        call.takes(2);
        assertThat(call.sent).containsExactly(0, 1);
        call.takes(0);
        assertThat(call.sent).hasSize(2);
        call.takes(10);
        assertThat(call.sent).containsExactly(0, 1, 2, 3, 4);
        assertThat(call.halfClosed).isEqualTo(1);
        call.takes(10);
        assertThat(call.halfClosed).isEqualTo(1);
    }

    @Test
    void endsWithTheOtherSide() throws InterruptedException {
        PacedStream<Integer, String> stream =
                new PacedStream<>(List.<Integer>of().iterator(), answers::add);
        stream.beforeStart(call);

        stream.onNext("yes");
        stream.onCompleted();
        stream.await(deadline);

        assertThat(answers).containsExactly("yes");
        assertThat(call.cancelled).isFalse();
    }

    @Test
    void anAnswerThatIsRefusedCancelsTheCall() {
        PacedStream<Integer, String> stream =
                new PacedStream<>(List.<Integer>of().iterator(), answer -> {
                    throw new TryAgainException(answer);
                });
        stream.beforeStart(call);

        stream.onNext("nonsense");
        stream.onError(Status.CANCELLED.asRuntimeException());

        assertThatThrownBy(() -> stream.await(deadline))
                .isInstanceOf(TryAgainException.class)
                .hasMessage("nonsense");
        assertThat(call.cancelled).isTrue();
    }

    @Test
    void aRequestThatCannotBeMadeCancelsTheCall() {
        Iterator<Integer> broken = IntStream.of(1).map(i -> i / (i - 1)).boxed().iterator();
        PacedStream<Integer, String> stream = new PacedStream<>(broken, answers::add);
        stream.beforeStart(call);

        call.takes(1);

        assertThatThrownBy(() -> stream.await(deadline)).isInstanceOf(ArithmeticException.class);
        assertThat(call.cancelled).isTrue();
    }

    @Test
    void anInterruptCancelsTheCall() {
        PacedStream<Integer, String> stream =
                new PacedStream<>(List.<Integer>of().iterator(), answers::add);
        stream.beforeStart(call);

        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> stream.await(deadline)).isInstanceOf(InterruptedException.class);
        assertThat(call.cancelled).isTrue();
    }

    /** INVARIANT: what a call that was given up still answers is not taken for the next call's. */
    @Test
    void answersThatComeAfterTheEndAreNotTaken() {
        PacedStream<Integer, String> refused =
                new PacedStream<>(List.<Integer>of().iterator(), answer -> {
                    answers.add(answer);
                    throw new TryAgainException(answer);
                });
        refused.beforeStart(call);
        refused.onNext("of another version");
        refused.onNext("late");
        assertThatThrownBy(() -> refused.await(deadline)).hasMessage("of another version");
        refused.onNext("later");

        PacedStream<Integer, String> interrupted =
                new PacedStream<>(List.<Integer>of().iterator(), answers::add);
        interrupted.beforeStart(call);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> interrupted.await(deadline)).isInstanceOf(InterruptedException.class);
        interrupted.onNext("late");

        assertThat(answers).containsExactly("of another version");
    }

    /** A call whose transport takes as many messages as a test says. */
    private static final class FakeCall extends ClientCallStreamObserver<Integer> {

        private final List<Integer> sent = new ArrayList<>();
        private int room;
        private int halfClosed;
        private boolean cancelled;
        private Runnable onReady = () -> {};

        void takes(int messages) {
            room = messages;
            onReady.run();
        }

        @Override
        public boolean isReady() {
            return room > 0;
        }

        @Override
        public void onNext(Integer value) {
            sent.add(value);
            room--;
        }

        @Override
        public void onCompleted() {
            halfClosed++;
        }

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {
            cancelled = true;
        }

        @Override
        public void setOnReadyHandler(Runnable handler) {
            onReady = handler;
        }

        @Override
        public void onError(Throwable failure) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void request(int count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setMessageCompression(boolean enable) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void disableAutoInboundFlowControl() {
            throw new UnsupportedOperationException();
        }
    }
}
