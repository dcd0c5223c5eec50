package dev.flowguard.rollout;

import dev.flowguard.proto.v1.GroupReceipt;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.LeaseReturned;
import dev.flowguard.tensor.InputException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leases of one session, each from its arrival to its end: {@link #accept} is the life of a lease.
 *
 * <p>One group at a time is drawn on the engine thread; those before it are scored and handed in meanwhile. Credits are
 * the only bound and bound everything: the learner never leases more than {@code capacity} groups whose work has not
 * ended, so no queue behind this desk is longer. Thread-safe.
 */
final class LeaseDesk {

    private static final Logger log = LoggerFactory.getLogger(LeaseDesk.class);

    private final int capacity;
    private final LeaseReplies replies;
    private final PolicyDesk policies;
    private final Model model;
    private final GroupScorer scorer;
    private final GroupSubmitter submitter;
    private final Executor engine;
    private final Executor finishing;
    private final RolloutMetrics metrics;

    // INVARIANT: a lease is answered once. Whoever removes it from here answers it; the others keep silent.
    private final Map<Long, HeldLease> held = new ConcurrentHashMap<>();
    private final AtomicBoolean open = new AtomicBoolean(true);

    LeaseDesk(
            int capacity,
            LeaseReplies replies,
            PolicyDesk policies,
            Model model,
            GroupScorer scorer,
            GroupSubmitter submitter,
            Executor engine,
            Executor finishing,
            RolloutMetrics metrics) {
        this.capacity = capacity;
        this.replies = replies;
        this.policies = policies;
        this.model = model;
        this.scorer = scorer;
        this.submitter = submitter;
        this.engine = engine;
        this.finishing = finishing;
        this.metrics = metrics;
    }

    /** Asks for the first leases. */
    void open() {
        replies.grant(capacity);
    }

    /** The life of a lease: drawn, scored, handed in; or given back with the reason. */
    synchronized void accept(Lease lease) {
        HeldLease held = new HeldLease(lease);
        if (take(held)) {
            held.follow(CompletableFuture.supplyAsync(() -> draw(held), engine)
                    .thenApplyAsync(drawn -> score(held, drawn), finishing)
                    .thenApply(scored -> handIn(held, scored))
                    .whenComplete((receipt, failure) -> settle(held, receipt, failure)));
        }
    }

    private Drawn draw(HeldLease held) {
        held.requireWanted();
        BoundPolicy policy = policies.require(held.lease().getPolicyVersion());
        SampledGroup group = model.sampler().sample(held.lease(), held::requireWanted);
        metrics.sampled(held.lease().getPurpose(), group);
        return new Drawn(policy, group);
    }

    private ScoredGroup score(HeldLease held, Drawn drawn) {
        held.requireWanted();
        long begin = System.nanoTime();
        GroupScores scores = unlessInterrupted(() -> scorer.score(held.lease(), drawn.group()));
        Duration time = Duration.ofNanos(System.nanoTime() - begin);
        metrics.scored(time);
        scores.missing().stream()
                .filter(missing -> !missing.getShadow())
                .forEach(missing -> metrics.missing(missing.getEndpoint(), missing.getMembers()));
        return new ScoredGroup(held.lease(), drawn.policy(), drawn.group(), scores, time);
    }

    private GroupReceipt handIn(HeldLease held, ScoredGroup scored) {
        long begin = System.nanoTime();
        GroupReceipt receipt = unlessInterrupted(() -> submitter.submit(scored, held::requireWanted));
        metrics.submitted(Duration.ofNanos(System.nanoTime() - begin));
        return receipt;
    }

    private void settle(HeldLease held, @Nullable GroupReceipt receipt, @Nullable Throwable failure) {
        if (this.held.remove(held.id(), held)) {
            if (receipt != null) {
                received(held.lease(), receipt);
            } else {
                giveBack(held.lease(), failure);
            }
        }
        if (open.get()) {
            replies.grant(1);
        }
    }

    private void received(Lease lease, GroupReceipt receipt) {
        switch (receipt.getReceipt()) {
            case RECEIPT_COMMITTED, RECEIPT_DUPLICATE ->
                log.debug("group {}: {}", lease.getGroupId(), receipt.getReceipt());
            // The learner has taken the group back itself: the lease is done.
            case RECEIPT_STALE, RECEIPT_REFUSED, RECEIPT_UNSPECIFIED, UNRECOGNIZED ->
                log.warn("group {}: {}, {}", lease.getGroupId(), receipt.getReceipt(), receipt.getMessage());
        }
        metrics.leaseEnded(receipt.getReceipt().name().replace("RECEIPT_", "").toLowerCase(Locale.ROOT));
    }

    private void giveBack(Lease lease, @Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        if (cause instanceof LeaseFailedException known) {
            log.warn("group {} goes back: {}", lease.getGroupId(), known.getMessage());
            giveBack(returned(lease, String.valueOf(known.getMessage()), known.isNotTheGroupsFault())
                    .setReward(known.reward()));
        } else if (cause instanceof InputException asked) {
            log.warn("group {} goes back: {}", lease.getGroupId(), asked.getMessage());
            giveBack(returned(lease, String.valueOf(asked.getMessage()), false));
        } else {
            log.error("group {} goes back", lease.getGroupId(), cause);
            giveBack(returned(lease, "the worker failed: " + cause, false));
        }
    }

    private static LeaseReturned.Builder returned(Lease lease, String reason, boolean notTheGroupsFault) {
        return LeaseReturned.newBuilder()
                .setLeaseId(lease.getLeaseId())
                .setReason(reason)
                .setNotTheGroupsFault(notTheGroupsFault);
    }

    private void giveBack(LeaseReturned.Builder returned) {
        replies.giveBack(returned.build());
        metrics.leaseEnded("returned");
    }

    private boolean take(HeldLease arriving) {
        if (!open.get()) {
            giveBack(returned(arriving.lease(), "the worker is draining", true));
            return false;
        }
        if (held.size() >= capacity || held.containsKey(arriving.id())) {
            giveBack(returned(arriving.lease(), "the worker did not ask for another lease", true));
            return false;
        }
        held.put(arriving.id(), arriving);
        return true;
    }

    /** The leases held now. */
    List<Long> ids() {
        return List.copyOf(held.keySet());
    }

    /** The learner has taken a lease back: its work ends at the next step. */
    void revoke(long leaseId) {
        drop(held.get(leaseId));
    }

    /** The session is lost, and with it every lease: nothing of them is handed in. */
    void abandon() {
        close();
        held.values().forEach(this::drop);
    }

    private void drop(@Nullable HeldLease lease) {
        if (lease != null && held.remove(lease.id(), lease)) {
            lease.unwanted();
            metrics.leaseEnded("void");
        }
    }

    /**
     * Takes no lease any more, finishes those it has if they end in time, and gives the others back.
     *
     * @param limit the longest this may take
     */
    void drain(Duration limit) throws InterruptedException {
        close();
        CompletableFuture<?>[] work =
                held.values().stream().map(HeldLease::work).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(work).get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            log.info("{} leases did not end in {} and go back", held.size(), limit);
        } catch (ExecutionException e) {
            log.debug("a lease failed while the worker drained, and was given back", e);
        } finally {
            for (HeldLease lease : List.copyOf(held.values())) {
                if (held.remove(lease.id(), lease)) {
                    lease.unwanted();
                    giveBack(returned(lease.lease(), "the worker is draining", true));
                }
            }
        }
    }

    private synchronized void close() {
        open.set(false);
    }

    private static <T> T unlessInterrupted(Retry.Call<T> call) {
        try {
            return call.once();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw LeaseFailedException.notTheGroupsFault("the worker was stopped");
        }
    }

    private record Drawn(BoundPolicy policy, SampledGroup group) {}
}
