package dev.flowguard.rollout;

import dev.flowguard.proto.v1.CoordinatorGrpc.CoordinatorBlockingStub;
import dev.flowguard.proto.v1.FetchPolicyRequest;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.PolicyChunk;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/**
 * Brings an announced policy's payload over, whole and as announced, or not at all. What arrives damaged is fetched again,
 * as what does not arrive. Thread-safe.
 */
final class PolicyFetcher {

    /** A rank-32 adapter of FLUX with its feed-forward layers is about 360 MB in fp32. */
    private static final long MAX_PAYLOAD_BYTES = 1L << 30;

    private final CoordinatorBlockingStub coordinator;
    private final Retry retry;
    private final Duration timeLimit;

    /** @param timeLimit of one fetch, all tries included */
    PolicyFetcher(CoordinatorBlockingStub coordinator, Retry retry, Duration timeLimit) {
        this.coordinator = coordinator;
        this.retry = retry;
        this.timeLimit = timeLimit;
    }

    /**
     * The payload of an announced policy.
     *
     * @throws PolicyRefusedException where it cannot be had or is not what was announced
     */
    ByteBuffer fetch(PolicyAnnouncement announcement) throws InterruptedException {
        long size = announcement.getSizeBytes();
        if (size <= 0 || size > MAX_PAYLOAD_BYTES) {
            throw new PolicyRefusedException("policy " + announcement.getVersion() + " is announced with " + size
                    + " bytes; 1 to " + MAX_PAYLOAD_BYTES + " are taken");
        }
        Deadline deadline = Deadline.after(timeLimit.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return retry.call("fetch-policy", deadline, () -> receive(announcement, deadline));
        } catch (StatusRuntimeException | TryAgainException e) {
            throw new PolicyRefusedException(
                    "policy " + announcement.getVersion() + " could not be fetched: " + e.getMessage());
        }
    }

    private ByteBuffer receive(PolicyAnnouncement announcement, Deadline deadline) {
        FetchPolicyRequest request = FetchPolicyRequest.newBuilder()
                .setVersion(announcement.getVersion())
                .build();
        ByteBuffer payload = ByteBuffer.allocate((int) announcement.getSizeBytes());
        // Cancelled on every way out, so that a stream that we leave half-read does not stay open.
        try (Context.CancellableContext context = Context.current().withCancellation()) {
            Context previous = context.attach();
            try {
                Iterator<PolicyChunk> chunks =
                        coordinator.withDeadline(deadline).fetchPolicy(request);
                while (chunks.hasNext()) {
                    append(payload, chunks.next());
                }
            } finally {
                context.detach(previous);
            }
        }
        if (payload.hasRemaining()) {
            throw new TryAgainException("it ended after " + payload.position() + " of " + payload.limit() + " bytes");
        }
        payload.flip();
        if (!Sha256.of(payload).equals(announcement.getSha256())) {
            throw new TryAgainException("it arrived with another SHA-256 than announced");
        }
        return payload.asReadOnlyBuffer();
    }

    private static void append(ByteBuffer payload, PolicyChunk chunk) {
        if (chunk.getOffset() != payload.position()) {
            throw new TryAgainException(
                    "a chunk came at offset " + chunk.getOffset() + " where " + payload.position() + " was due");
        }
        if (chunk.getData().size() > payload.remaining()) {
            throw new TryAgainException("it is longer than the " + payload.limit() + " bytes announced");
        }
        chunk.getData().copyTo(payload);
    }
}
