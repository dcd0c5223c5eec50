package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.flowguard.proto.v1.CoordinatorGrpc.CoordinatorImplBase;
import dev.flowguard.proto.v1.CoordinatorMessage;
import dev.flowguard.proto.v1.FetchPolicyRequest;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.GroupReceipt;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.PolicyChunk;
import dev.flowguard.proto.v1.Receipt;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Welcome;
import dev.flowguard.proto.v1.WorkerMessage;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A learner that a test plays by hand. */
final class FakeCoordinator extends CoordinatorImplBase {

    private final BlockingQueue<Session> sessions = new LinkedBlockingQueue<>();
    private final BlockingQueue<List<GroupPart>> submitted = new LinkedBlockingQueue<>();
    private final Queue<Consumer<StreamObserver<GroupReceipt>>> receipts = new ConcurrentLinkedQueue<>();
    private final Map<Long, ByteString> policies = new ConcurrentHashMap<>();

    /** The next session that a worker opens; its Hello is still to be taken. */
    Session nextSession() throws InterruptedException {
        return take(sessions, "session");
    }

    /** The next group that is handed in. */
    List<GroupPart> nextGroup() throws InterruptedException {
        return take(submitted, "group");
    }

    boolean nothingSubmitted() {
        return submitted.isEmpty();
    }

    /** How the next handed-in group is answered; without a word it is committed. */
    void answerNextGroup(Consumer<StreamObserver<GroupReceipt>> answer) {
        receipts.add(answer);
    }

    /** Has a policy ready to be fetched. */
    PolicyAnnouncement keep(long version, String payload) {
        ByteString bytes = ByteString.copyFromUtf8(payload);
        policies.put(version, bytes);
        return PolicyAnnouncement.newBuilder()
                .setVersion(version)
                .setSizeBytes(bytes.size())
                .setSha256(Sha256.of(bytes.toByteArray()))
                .setModules(8)
                .build();
    }

    static Consumer<StreamObserver<GroupReceipt>> receipt(Receipt receipt) {
        return out -> {
            out.onNext(GroupReceipt.newBuilder().setReceipt(receipt).build());
            out.onCompleted();
        };
    }

    @Override
    public StreamObserver<WorkerMessage> work(StreamObserver<CoordinatorMessage> out) {
        Session session = new Session(out);
        sessions.add(session);
        return session;
    }

    @Override
    public void fetchPolicy(FetchPolicyRequest request, StreamObserver<PolicyChunk> out) {
        out.onNext(PolicyChunk.newBuilder()
                .setData(policies.get(request.getVersion()))
                .build());
        out.onCompleted();
    }

    @Override
    public StreamObserver<GroupPart> submitGroup(StreamObserver<GroupReceipt> out) {
        List<GroupPart> parts = new ArrayList<>();
        return new StreamObserver<>() {
            @Override
            public void onNext(GroupPart part) {
                parts.add(part);
            }

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onCompleted() {
                submitted.add(parts);
                Consumer<StreamObserver<GroupReceipt>> next = receipts.poll();
                (next == null ? receipt(Receipt.RECEIPT_COMMITTED) : next).accept(out);
            }
        };
    }

    private static <T> T take(BlockingQueue<T> queue, String what) throws InterruptedException {
        T next = queue.poll(20, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no " + what + " came");
        }
        return next;
    }

    /** One worker's session, as the learner sees it. */
    final class Session implements StreamObserver<WorkerMessage> {

        private final StreamObserver<CoordinatorMessage> out;
        private final BlockingQueue<WorkerMessage> messages = new LinkedBlockingQueue<>();
        private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

        Session(StreamObserver<CoordinatorMessage> out) {
            this.out = out;
        }

        /** The worker's next message. */
        WorkerMessage next() throws InterruptedException {
            return take(messages, "message");
        }

        /** The worker's next message of a kind; messages of other kinds are skipped. */
        WorkerMessage next(WorkerMessage.MessageCase kind) throws InterruptedException {
            WorkerMessage message = next();
            while (message.getMessageCase() != kind) {
                message = next();
            }
            return message;
        }

        /** How the worker ended it: "completed" or the error. */
        String end() throws InterruptedException {
            return take(ends, "end of session");
        }

        void welcome(RunSettings settings) {
            send(CoordinatorMessage.newBuilder()
                    .setWelcome(Welcome.newBuilder()
                            .setSettings(settings)
                            .setLeaseTime(Duration.newBuilder().setSeconds(60))
                            .setHeartbeatInterval(Duration.newBuilder().setSeconds(5))));
        }

        void announce(long version, String payload) {
            announce(keep(version, payload).toBuilder());
        }

        void announce(PolicyAnnouncement announcement, ByteBuffer payload) {
            policies.put(announcement.getVersion(), ByteString.copyFrom(payload.duplicate()));
            announce(announcement.toBuilder());
        }

        void announce(PolicyAnnouncement.Builder announcement) {
            send(CoordinatorMessage.newBuilder().setPolicyAnnouncement(announcement));
        }

        void lease(Lease.Builder lease) {
            send(CoordinatorMessage.newBuilder().setLease(lease));
        }

        synchronized void send(CoordinatorMessage.Builder message) {
            out.onNext(message.build());
        }

        synchronized void fail(Throwable status) {
            out.onError(status);
        }

        @Override
        public void onNext(WorkerMessage message) {
            messages.add(message);
        }

        @Override
        public void onError(Throwable failure) {
            ends.add(failure.toString());
        }

        @Override
        public void onCompleted() {
            ends.add("completed");
            out.onCompleted();
        }
    }
}
