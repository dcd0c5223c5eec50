package dev.flowguard.rollout;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.TensorDigest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** A sampler without a model; a test may hold it in the middle of a group. */
final class FakeSampler implements GroupSampler {

    /** Payload that does not fit the model. */
    static final String MISFIT = "misfit";

    private static final int PLENTY = 1000;

    final List<String> bound = new CopyOnWriteArrayList<>();
    final BlockingQueue<Long> begun = new LinkedBlockingQueue<>();
    private final Semaphore gate = new Semaphore(PLENTY);
    volatile boolean closed;

    /** From now on each group waits for {@link #letOneThrough}. */
    void hold() {
        gate.drainPermits();
    }

    void letOneThrough() {
        gate.release();
    }

    void letAllThrough() {
        gate.release(PLENTY);
    }

    @Override
    public List<TensorDigest> bind(PolicyAnnouncement announcement, ByteBuffer payload) {
        ByteString bytes = ByteString.copyFrom(payload.duplicate());
        if (bytes.toStringUtf8().equals(MISFIT)) {
            throw new PolicyRefusedException("policy " + announcement.getVersion() + " does not fit");
        }
        bound.add(bytes.toStringUtf8());
        return List.of(TensorDigest.newBuilder()
                .setName("lora")
                .setSha256(Sha256.of(bytes.toByteArray()))
                .build());
    }

    @Override
    public int modules() {
        return 8;
    }

    @Override
    public SampledGroup sample(Lease lease, Runnable stillWanted) {
        begun.add(lease.getLeaseId());
        try {
            if (!gate.tryAcquire(20, TimeUnit.SECONDS)) {
                throw new AssertionError("nobody let the group through");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        stillWanted.run();
        return Groups.sampled();
    }

    @Override
    public void close() {
        closed = true;
    }
}
