package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.CoordinatorGrpc.CoordinatorStub;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.GroupReceipt;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.RunSettings;
import io.grpc.Deadline;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Hands scored groups in. A repeated try is safe: the learner commits a group once, by its id. Thread-safe. */
final class GroupSubmitter {

    private final CoordinatorStub coordinator;
    private final String workerId;
    private final RunSettings settings;
    private final Retry retry;
    private final Duration timeLimit;

    /** @param timeLimit of handing in one group, all tries included */
    GroupSubmitter(
            CoordinatorStub coordinator, String workerId, RunSettings settings, Retry retry, Duration timeLimit) {
        this.coordinator = coordinator;
        this.workerId = workerId;
        this.settings = settings;
        this.retry = retry;
        this.timeLimit = timeLimit;
    }

    /**
     * The learner's receipt.
     *
     * @param stillWanted called before each try; what it throws ends the handing in
     * @throws LeaseFailedException where no receipt could be had
     */
    GroupReceipt submit(ScoredGroup scored, Runnable stillWanted) throws InterruptedException {
        Deadline deadline = Deadline.after(timeLimit.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return retry.call("submit-group", deadline, () -> {
                stillWanted.run();
                return send(scored, deadline);
            });
        } catch (StatusRuntimeException | TryAgainException e) {
            throw LeaseFailedException.notTheGroupsFault("the group could not be handed in: " + e.getMessage());
        }
    }

    private GroupReceipt send(ScoredGroup scored, Deadline deadline) throws InterruptedException {
        AtomicReference<GroupReceipt> receipt = new AtomicReference<>();
        PacedStream<GroupPart, GroupReceipt> call =
                new PacedStream<>(GroupParts.of(scored, workerId, sigmasSha256(scored)), receipt::set);
        coordinator.withDeadline(deadline).submitGroup(call);
        call.await(deadline);
        GroupReceipt got = receipt.get();
        if (got == null) {
            throw new TryAgainException("the learner completed without a receipt");
        }
        return got;
    }

    private ByteString sigmasSha256(ScoredGroup scored) {
        boolean training = scored.lease().getPurpose() == Purpose.PURPOSE_TRAINING;
        return (training ? settings.getSampling() : settings.getEvaluation()).getSigmasSha256();
    }
}
