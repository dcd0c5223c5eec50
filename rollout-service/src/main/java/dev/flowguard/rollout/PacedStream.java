package dev.flowguard.rollout;

import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of a stream of requests: sends them as fast as the transport takes them and no faster, then
 * half-closes, and waits for the other side to complete.
 *
 * <p>gRPC calls the observer's methods one at a time; {@link #await} may be called from any one other thread.
 */
final class PacedStream<Q, A> implements ClientResponseObserver<Q, A> {

    /** The transport enforces the deadline; this is how much later we stop to trust it to. */
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Iterator<Q> requests;
    private final Consumer<A> answers;
    private final CompletableFuture<Void> completion = new CompletableFuture<>();
    private volatile @Nullable ClientCallStreamObserver<Q> call;
    private boolean halfClosed;

    /** INVARIANT: once {@link #await} has ended no answer is taken any more, for a cancelled call's late ones would count for the next call. */
    private final Object delivery = new Object();

    /**
     * @param requests made one by one, as they are sent
     * @param answers takes each answer; what it throws cancels the call and is what {@link #await} throws
     */
    PacedStream(Iterator<Q> requests, Consumer<A> answers) {
        this.requests = requests;
        this.answers = answers;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<Q> starting) {
        call = starting;
        starting.setOnReadyHandler(() -> sendWhileReady(starting));
    }

    private void sendWhileReady(ClientCallStreamObserver<Q> stream) {
        try {
            while (!halfClosed && stream.isReady()) {
                if (requests.hasNext()) {
                    stream.onNext(requests.next());
                } else {
                    halfClosed = true;
                    stream.onCompleted();
                }
            }
        } catch (RuntimeException failure) {
            fail(failure);
        }
    }

    @Override
    public void onNext(A answer) {
        synchronized (delivery) {
            if (completion.isDone()) {
                return;
            }
            try {
                answers.accept(answer);
            } catch (RuntimeException failure) {
                fail(failure);
            }
        }
    }

    @Override
    public void onError(Throwable failure) {
        completion.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
        completion.complete(null);
    }

    /**
     * Waits for the other side to complete.
     *
     * @throws RuntimeException the call's status, or what {@code answers} threw
     * @throws InterruptedException where the thread is interrupted; the call is cancelled
     */
    void await(Deadline deadline) throws InterruptedException {
        try {
            completion.get(
                    Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS)) + GRACE_NANOS, TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            fail(e);
            throw Status.DEADLINE_EXCEEDED.withCause(e).asRuntimeException();
        } catch (InterruptedException e) {
            fail(e);
            throw e;
        }
    }

    private void fail(Exception failure) {
        synchronized (delivery) {
            completion.completeExceptionally(failure);
        }
        cancel(failure);
    }

    private void cancel(Throwable cause) {
        ClientCallStreamObserver<Q> started = call;
        if (started != null) {
            started.cancel("given up by the caller", cause);
        }
    }
}
