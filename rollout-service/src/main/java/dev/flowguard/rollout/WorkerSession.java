package dev.flowguard.rollout;

import dev.flowguard.proto.v1.CoordinatorGrpc.CoordinatorStub;
import dev.flowguard.proto.v1.CoordinatorMessage;
import dev.flowguard.proto.v1.Credits;
import dev.flowguard.proto.v1.Heartbeat;
import dev.flowguard.proto.v1.Hello;
import dev.flowguard.proto.v1.LeaseReturned;
import dev.flowguard.proto.v1.PolicyBound;
import dev.flowguard.proto.v1.RewardRefused;
import dev.flowguard.proto.v1.Welcome;
import dev.flowguard.proto.v1.WorkerMessage;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.TaskScheduler;

/**
 * One session with the learner: a stream from Hello to its end. It speaks the protocol and leaves the work to its
 * {@link Shift}. Thread-safe: gRPC calls the observer's methods one at a time, replies come from any thread.
 */
final class WorkerSession implements ClientResponseObserver<WorkerMessage, CoordinatorMessage>, LeaseReplies {

    /** The learner answers Hello from memory. */
    static final Duration WELCOME_TIME_LIMIT = Duration.ofSeconds(30);

    private final Hello hello;
    private final Listener listener;
    private final TaskScheduler scheduler;
    private @Nullable ClientCallStreamObserver<WorkerMessage> stream;
    private @Nullable Shift shift;
    private @Nullable Future<?> timer;
    private boolean over;

    WorkerSession(Hello hello, Listener listener, TaskScheduler scheduler) {
        this.hello = hello;
        this.listener = listener;
        this.scheduler = scheduler;
    }

    /** The worker behind the session. */
    interface Listener {

        /** Begins the work. */
        Shift welcomed(WorkerSession session, Welcome welcome);

        /** The session has ended; called once. */
        void ended(WorkerSession session, SessionEnd end);
    }

    /** Opens the stream and says Hello. */
    void open(CoordinatorStub coordinator) {
        coordinator.work(this);
        send(WorkerMessage.newBuilder().setHello(hello));
        startTimer(scheduler.schedule(
                () -> end(new SessionEnd.Lost("no Welcome in " + WELCOME_TIME_LIMIT)),
                scheduler.getClock().instant().plus(WELCOME_TIME_LIMIT)));
    }

    @Override
    public synchronized void beforeStart(ClientCallStreamObserver<WorkerMessage> starting) {
        stream = starting;
    }

    @Override
    public void onNext(CoordinatorMessage message) {
        Shift current = shift();
        if (isOver()) {
            return;
        }
        if (current == null) {
            if (message.hasWelcome()) {
                welcome(message.getWelcome());
            } else {
                end(new SessionEnd.Lost("the learner began with " + message.getMessageCase() + ", not with Welcome"));
            }
            return;
        }
        switch (message.getMessageCase()) {
            case POLICY_ANNOUNCEMENT -> current.policies().announce(message.getPolicyAnnouncement());
            case LEASE -> current.leases().accept(message.getLease());
            case LEASE_REVOKED ->
                current.leases().revoke(message.getLeaseRevoked().getLeaseId());
            case RUN_ENDED -> end(new SessionEnd.RunOver(message.getRunEnded().getReason()));
            case WELCOME, MESSAGE_NOT_SET ->
                end(new SessionEnd.Lost("the learner sent " + message.getMessageCase() + " in a session"));
        }
    }

    private void welcome(Welcome welcome) {
        Duration interval = WireDuration.read(welcome.getHeartbeatInterval());
        if (interval.isZero() || interval.isNegative()) {
            end(new SessionEnd.Lost("the learner wants a heartbeat every " + interval));
            return;
        }
        Shift begun = listener.welcomed(this, welcome);
        synchronized (this) {
            shift = begun;
        }
        startTimer(scheduler.scheduleAtFixedRate(
                () -> beat(begun), scheduler.getClock().instant().plus(interval), interval));
        begun.leases().open();
    }

    private void beat(Shift current) {
        send(WorkerMessage.newBuilder()
                .setHeartbeat(
                        Heartbeat.newBuilder().addAllLeaseIds(current.leases().ids())));
    }

    @Override
    public void onError(Throwable failure) {
        Status status = Status.fromThrowable(failure);
        String reason = status.getCode() + ": " + status.getDescription();
        end(comesBackAfter(status.getCode()) ? new SessionEnd.Lost(reason) : new SessionEnd.Refused(reason));
    }

    /** Codes that say "not like this" stay what they are however often one asks; all others may pass. */
    private static boolean comesBackAfter(Status.Code code) {
        return switch (code) {
            case FAILED_PRECONDITION, INVALID_ARGUMENT, UNIMPLEMENTED, PERMISSION_DENIED, UNAUTHENTICATED -> false;
            default -> true;
        };
    }

    @Override
    public void onCompleted() {
        end(new SessionEnd.Lost("the learner closed the session"));
    }

    @Override
    public void grant(int credits) {
        send(WorkerMessage.newBuilder().setCredits(Credits.newBuilder().setCount(credits)));
    }

    @Override
    public void giveBack(LeaseReturned returned) {
        send(WorkerMessage.newBuilder().setLeaseReturned(returned));
    }

    void refused(RewardRefused refused) {
        send(WorkerMessage.newBuilder().setRewardRefused(refused));
    }

    void bound(PolicyBound answer) {
        send(WorkerMessage.newBuilder().setPolicyBound(answer));
    }

    /** Leaves; the shift has been drained. */
    void leave() {
        end(new SessionEnd.Left("the worker stopped"));
    }

    /** The work of this session, once welcomed. */
    synchronized @Nullable Shift shift() {
        return shift;
    }

    private synchronized boolean isOver() {
        return over;
    }

    private synchronized void send(WorkerMessage.Builder message) {
        if (stream != null && !over) {
            stream.onNext(message.build());
        }
    }

    private void end(SessionEnd end) {
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            if (timer != null) {
                timer.cancel(false);
            }
            if (stream != null) {
                hangUp(stream, end);
            }
        }
        listener.ended(this, end);
    }

    private static void hangUp(ClientCallStreamObserver<WorkerMessage> stream, SessionEnd end) {
        if (end instanceof SessionEnd.Lost) {
            stream.cancel(end.reason(), null);
        } else {
            stream.onCompleted();
        }
    }

    private synchronized void startTimer(Future<?> next) {
        if (timer != null) {
            timer.cancel(false);
        }
        timer = next;
        if (over) {
            next.cancel(false);
        }
    }
}
