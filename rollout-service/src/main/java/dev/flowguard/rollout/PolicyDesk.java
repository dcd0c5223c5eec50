package dev.flowguard.rollout;

import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.PolicyBound;
import dev.flowguard.proto.v1.TensorDigest;
import dev.flowguard.tensor.InputException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The policies of one session: fetches what is announced while groups are still being drawn, binds it between two groups
 * and says so. Of announcements that wait, only the latest counts; at most one payload is in memory. Thread-safe.
 */
final class PolicyDesk {

    private static final Logger log = LoggerFactory.getLogger(PolicyDesk.class);

    private final PolicyFetcher fetcher;
    private final Model model;
    private final Consumer<PolicyBound> reply;
    private final ExecutorService fetching;
    private final ExecutorService engine;
    private final RolloutMetrics metrics;
    private final AtomicReference<@Nullable PolicyAnnouncement> waiting = new AtomicReference<>();
    private volatile @Nullable BoundPolicy bound;

    /**
     * @param fetching one thread that may wait
     * @param engine the thread that owns the model
     */
    PolicyDesk(
            PolicyFetcher fetcher,
            Model model,
            Consumer<PolicyBound> reply,
            ExecutorService fetching,
            ExecutorService engine,
            RolloutMetrics metrics) {
        this.fetcher = fetcher;
        this.model = model;
        this.reply = reply;
        this.fetching = fetching;
        this.engine = engine;
        this.metrics = metrics;
    }

    /** Begins to bring a policy into the model. */
    void announce(PolicyAnnouncement announcement) {
        if (waiting.getAndSet(announcement) == null) {
            fetching.execute(this::bringLatest);
        }
    }

    /** What the model holds, or nothing before the session's first policy is bound. */
    @Nullable
    BoundPolicy bound() {
        return bound;
    }

    /** @throws LeaseFailedException where the model holds another version */
    BoundPolicy require(long version) {
        BoundPolicy current = bound;
        if (current == null || current.version() != version) {
            throw LeaseFailedException.notTheGroupsFault("the lease wants policy " + version + ", the worker holds "
                    + (current == null ? "none" : current.version()));
        }
        return current;
    }

    private void bringLatest() {
        PolicyAnnouncement announcement = waiting.getAndSet(null);
        if (announcement == null) {
            return;
        }
        try {
            ByteBuffer payload = fetcher.fetch(announcement);
            engine.submit(() -> bind(announcement, payload)).get();
        } catch (PolicyRefusedException e) {
            refuse(announcement, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            log.error("policy {} was not bound", announcement.getVersion(), e.getCause());
        } catch (RuntimeException e) {
            log.error("policy {} was not fetched", announcement.getVersion(), e);
            refuse(announcement, "policy " + announcement.getVersion() + " was not fetched: " + e);
        }
    }

    private void bind(PolicyAnnouncement announcement, ByteBuffer payload) {
        try {
            GroupSampler sampler = model.sampler();
            List<TensorDigest> readBack = sampler.bind(announcement, payload);
            bound = new BoundPolicy(announcement.getVersion(), announcement.getSha256());
            metrics.policyBound(announcement.getVersion());
            log.info(
                    "policy {} ({}) bound in {} of {} modules",
                    announcement.getVersion(),
                    Sha256.brief(announcement.getSha256()),
                    sampler.modules(),
                    announcement.getModules());
            reply.accept(PolicyBound.newBuilder()
                    .setVersion(announcement.getVersion())
                    .setModulesBound(sampler.modules())
                    .addAllTensors(readBack)
                    .build());
        } catch (PolicyRefusedException | InputException e) {
            refuse(announcement, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            // Half a policy may be in the model: no group may be drawn with it.
            bound = null;
            log.error("policy {} was not bound", announcement.getVersion(), e);
            refuse(announcement, "policy " + announcement.getVersion() + " was not bound: " + e);
        }
    }

    private void refuse(PolicyAnnouncement announcement, String why) {
        log.error("{}", why);
        reply.accept(PolicyBound.newBuilder()
                .setVersion(announcement.getVersion())
                .setError(why)
                .build());
    }
}
