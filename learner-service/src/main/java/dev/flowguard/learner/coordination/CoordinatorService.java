package dev.flowguard.learner.coordination;

import com.google.protobuf.ByteString;
import dev.flowguard.learner.coordination.Coordinator.Verdict;
import dev.flowguard.proto.v1.CoordinatorGrpc;
import dev.flowguard.proto.v1.CoordinatorMessage;
import dev.flowguard.proto.v1.FetchPolicyRequest;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.GroupReceipt;
import dev.flowguard.proto.v1.PolicyChunk;
import dev.flowguard.proto.v1.Receipt;
import dev.flowguard.proto.v1.WorkerMessage;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The wire in front of a {@link Coordinator}. Before a run is prepared every call is answered UNAVAILABLE: come back.
 *
 * <p>Thread-safe.
 */
public final class CoordinatorService extends CoordinatorGrpc.CoordinatorImplBase {
    private static final int CHUNK_BYTES = 1 << 20;

    private final AtomicReference<@Nullable Coordinator> run = new AtomicReference<>();

    /** Opens the doors for a run. */
    public void open(Coordinator coordinator) {
        run.set(coordinator);
    }

    @Override
    public StreamObserver<WorkerMessage> work(StreamObserver<CoordinatorMessage> toWorker) {
        Coordinator coordinator = run.get();
        if (coordinator == null) {
            return turnedAway(toWorker);
        }
        // Without a handler a message to a worker that has just gone would throw.
        ((ServerCallStreamObserver<CoordinatorMessage>) toWorker).setOnCancelHandler(() -> {});
        WorkerSession session = coordinator.connect(toWorker);
        return new StreamObserver<>() {
            @Override
            public void onNext(WorkerMessage message) {
                coordinator.receive(session, message);
            }

            @Override
            public void onError(Throwable cause) {
                coordinator.disconnected(session);
            }

            @Override
            public void onCompleted() {
                coordinator.leave(session);
            }
        };
    }

    @Override
    public void fetchPolicy(FetchPolicyRequest request, StreamObserver<PolicyChunk> toWorker) {
        Coordinator coordinator = run.get();
        ByteString payload = coordinator == null ? null : coordinator.payload(request.getVersion());
        if (payload == null) {
            toWorker.onError(Status.NOT_FOUND
                    .withDescription("policy version " + request.getVersion() + " is not kept")
                    .asRuntimeException());
            return;
        }
        ServerCallStreamObserver<PolicyChunk> call = (ServerCallStreamObserver<PolicyChunk>) toWorker;
        call.setOnCancelHandler(() -> {});
        call.setOnReadyHandler(new Chunks(payload, call));
    }

    /** Sends a payload as fast as the transport takes it, and no faster. gRPC never runs it twice at a time. */
    private static final class Chunks implements Runnable {
        private final ByteString payload;
        private final ServerCallStreamObserver<PolicyChunk> call;
        private int sent;
        private boolean done;

        Chunks(ByteString payload, ServerCallStreamObserver<PolicyChunk> call) {
            this.payload = payload;
            this.call = call;
        }

        @Override
        public void run() {
            while (!done && call.isReady()) {
                int end = Math.min(payload.size(), sent + CHUNK_BYTES);
                call.onNext(PolicyChunk.newBuilder()
                        .setOffset(sent)
                        .setData(payload.substring(sent, end))
                        .build());
                sent = end;
                if (sent == payload.size()) {
                    done = true;
                    call.onCompleted();
                }
            }
        }
    }

    @Override
    public StreamObserver<GroupPart> submitGroup(StreamObserver<GroupReceipt> toWorker) {
        Coordinator coordinator = run.get();
        if (coordinator == null) {
            return turnedAway(toWorker);
        }
        return new Submission(coordinator, toWorker);
    }

    /** One call of SubmitGroup; answered once, then the rest of it is ignored. */
    private static final class Submission implements StreamObserver<GroupPart> {
        private final Coordinator coordinator;
        private final StreamObserver<GroupReceipt> toWorker;
        private @Nullable GroupHeader header;
        private @Nullable GroupAssembler assembler;
        private boolean answered;

        Submission(Coordinator coordinator, StreamObserver<GroupReceipt> toWorker) {
            this.coordinator = coordinator;
            this.toWorker = toWorker;
        }

        @Override
        public void onNext(GroupPart part) {
            if (answered) {
                return;
            }
            if (part.hasHeader() == (header != null)) {
                fail(Status.INVALID_ARGUMENT.withDescription(
                        "the header must be the first part of a group, and come once"));
            } else if (part.hasHeader()) {
                begin(part.getHeader());
            } else {
                add(part);
            }
        }

        private void begin(GroupHeader first) {
            header = first;
            Verdict verdict = coordinator.examine(first);
            if (verdict instanceof Verdict.Assemble assemble) {
                assembler = assemble.assembler();
            } else if (verdict instanceof Verdict.Answer answer) {
                answer(answer);
            }
        }

        private void add(GroupPart part) {
            GroupAssembler target = Objects.requireNonNull(assembler);
            try {
                switch (part.getPartCase()) {
                    case ROWS -> target.add(part.getRows());
                    case IMAGE -> target.add(part.getImage());
                    default -> throw new RefusedGroupException("a part of an unknown kind");
                }
            } catch (RefusedGroupException e) {
                refuse(e);
            }
        }

        @Override
        public void onCompleted() {
            if (answered) {
                return;
            }
            GroupAssembler whole = assembler;
            if (whole == null) {
                fail(Status.INVALID_ARGUMENT.withDescription("a group without a header"));
                return;
            }
            try {
                answer(coordinator.commit(whole.finish()));
            } catch (RefusedGroupException e) {
                refuse(e);
            } catch (UncheckedIOException e) {
                fail(Status.UNAVAILABLE.withDescription("the learner cannot write its ledger"));
            }
        }

        @Override
        public void onError(Throwable cause) {
            // The worker gave up; its lease is still running and will be returned, expire or be tried again.
            answered = true;
        }

        private void refuse(RefusedGroupException e) {
            answer(coordinator.reject(Objects.requireNonNull(header), Receipt.RECEIPT_REFUSED, e.why()));
        }

        private void answer(Verdict.Answer answer) {
            answered = true;
            toWorker.onNext(GroupReceipt.newBuilder()
                    .setReceipt(answer.receipt())
                    .setMessage(answer.message())
                    .build());
            toWorker.onCompleted();
        }

        private void fail(Status status) {
            answered = true;
            toWorker.onError(status.asRuntimeException());
        }
    }

    private static <I, O> StreamObserver<I> turnedAway(StreamObserver<O> caller) {
        caller.onError(Status.UNAVAILABLE
                .withDescription("no run is open yet; come back")
                .asRuntimeException());
        return new StreamObserver<>() {
            @Override
            public void onNext(I ignored) {}

            @Override
            public void onError(Throwable ignored) {}

            @Override
            public void onCompleted() {}
        };
    }
}
