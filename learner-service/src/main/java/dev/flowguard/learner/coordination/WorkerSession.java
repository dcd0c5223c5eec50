package dev.flowguard.learner.coordination;

import dev.flowguard.proto.v1.CoordinatorMessage;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;

/** One worker's session as the coordinator sees it. Guarded by the coordinator's lock. */
final class WorkerSession {
    private final StreamObserver<CoordinatorMessage> wire;
    private String workerId = "";
    private String device = "";
    private boolean open = true;
    private int credits;
    private long boundVersion = -1;
    private long lastHeard;

    WorkerSession(StreamObserver<CoordinatorMessage> wire, long now) {
        this.wire = wire;
        this.lastHeard = now;
    }

    /** The worker's name; empty before its Hello. */
    String workerId() {
        return workerId;
    }

    String device() {
        return device;
    }

    boolean greeted() {
        return !workerId.isEmpty();
    }

    void greet(String id, String samplesOn) {
        workerId = id;
        device = samplesOn;
    }

    boolean open() {
        return open;
    }

    int credits() {
        return credits;
    }

    void addCredits(int more) {
        credits += more;
    }

    void spendCredit() {
        credits--;
    }

    /** Whether the worker has proved that it holds this version. */
    boolean bound(long version) {
        return boundVersion == version;
    }

    void bind(long version) {
        boundVersion = version;
    }

    void heard(long now) {
        lastHeard = now;
    }

    long lastHeard() {
        return lastHeard;
    }

    void send(CoordinatorMessage message) {
        if (open) {
            wire.onNext(message);
        }
    }

    /** Ends the session from our side: with OK, or with a status that tells the worker whether to come back. */
    void close(Status status) {
        if (!open) {
            return;
        }
        open = false;
        if (status.isOk()) {
            wire.onCompleted();
        } else {
            wire.onError(status.asRuntimeException());
        }
    }

    /** The transport has ended the session; nothing more can be sent. */
    void gone() {
        open = false;
    }
}
