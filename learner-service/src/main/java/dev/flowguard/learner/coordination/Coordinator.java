package dev.flowguard.learner.coordination;

import com.google.protobuf.ByteString;
import dev.flowguard.learner.coordination.LeaseQueue.Failure;
import dev.flowguard.learner.coordination.LeaseQueue.Held;
import dev.flowguard.proto.v1.CoordinatorMessage;
import dev.flowguard.proto.v1.Credits;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.Hello;
import dev.flowguard.proto.v1.LeaseReturned;
import dev.flowguard.proto.v1.LeaseRevoked;
import dev.flowguard.proto.v1.PolicyBound;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.Receipt;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.RewardRefused;
import dev.flowguard.proto.v1.RunEnded;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Welcome;
import dev.flowguard.proto.v1.WorkerMessage;
import dev.flowguard.tensor.InputException;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns a run's groups: admits them ({@link Admission}), leases them to workers that have proved to hold the current policy
 * ({@link PolicyVersion#objection}), takes lost ones back ({@link LeaseQueue}) and commits each exactly once
 * ({@link Ledger}).
 *
 * <p>Thread-safe: one lock guards everything; nothing blocks while it is held, except the disk: a
 * prompt is read, a ledger line written.
 */
public final class Coordinator {
    private static final Logger log = LoggerFactory.getLogger(Coordinator.class);
    private static final int PROTOCOL_REVISION = 1;
    private static final int MAX_CREDITS = 1024;
    private static final int KEPT_VERSIONS = 4;

    private final ReentrantLock lock = new ReentrantLock();
    private final RunSettings settings;
    private final Limits limits;
    private final GroupPlan plan;
    private final long groupsInRun;
    private final Admission admission;
    private final Ledger ledger;
    private final LongSupplier nanoClock;
    private final LeaseQueue queue;
    private final Experience experience;
    private final List<Long> latentShape;
    private final RewardCalendar rewards;
    private final CoordinatorMetrics metrics;
    private final ScoringOutage outage = new ScoringOutage();

    private final List<WorkerSession> sessions = new ArrayList<>();
    private final TreeMap<Long, PolicyVersion> policies = new TreeMap<>();
    private long nextOrdinal;
    private long settled;
    private @Nullable String ended;

    // Read without the lock by whoever waits for groups.
    private volatile int connected;
    private volatile String lastRefusal = "";

    /**
     * The coordinator's limits; every one is a property of the service.
     *
     * @param leaseTime how long a lease lives without a heartbeat
     * @param longestLease how long a lease lives at most
     * @param heartbeatInterval how often workers should show that they live
     * @param maxTries how often a group may fail before it is dropped
     * @param maxConcurrentGroups most training groups in flight
     * @param warnAfter pause between two warnings that no worker is connected
     * @param giveUpAfter how long no worker may be connected before the run ends
     */
    public record Limits(
            Duration leaseTime,
            Duration longestLease,
            Duration heartbeatInterval,
            int maxTries,
            int maxConcurrentGroups,
            Duration warnAfter,
            Duration giveUpAfter) {}

    /**
     * What a run consists of.
     *
     * @param settings what every worker is told
     * @param plan which groups exist
     * @param iterations how many iterations the run has
     * @param firstIteration the iteration it goes on with; 0 for a new run
     * @param maxStaleness η of {@link Admission}
     * @param latentShape {@code [C, H, W]} of a latent
     */
    public record Run(
            RunSettings settings,
            GroupPlan plan,
            int iterations,
            int firstIteration,
            int maxStaleness,
            List<Long> latentShape) {}

    /** @param nanoClock monotonic nanoseconds, {@code System::nanoTime} outside tests */
    public Coordinator(Run run, Limits limits, Ledger ledger, LongSupplier nanoClock, MeterRegistry registry) {
        this.settings = run.settings();
        this.limits = limits;
        this.plan = run.plan();
        this.groupsInRun = (long) run.iterations() * plan.groupsPerIteration();
        this.admission = new Admission(limits.maxConcurrentGroups(), run.maxStaleness(), plan.groupsPerIteration());
        this.ledger = ledger;
        this.nanoClock = nanoClock;
        this.queue = new LeaseQueue(
                new LeaseQueue.Terms(limits.leaseTime(), limits.longestLease(), limits.maxTries()), nanoClock);
        this.experience = new Experience(
                new Experience.Patience(limits.warnAfter(), limits.giveUpAfter()), new ConnectedWorkers());
        this.latentShape = run.latentShape();
        this.rewards = new RewardCalendar(settings.getRewardsList());
        this.metrics = new CoordinatorMetrics(registry);
        this.settled = admission.settledOnResume(run.firstIteration());
        this.nextOrdinal = settled;
    }

    // ------------------------------------------------------------------------------------------- the learner's side

    /** Makes {@code policy} the current version, announces it to every worker and admits the groups that it allows. */
    public void publish(PolicyVersion policy) {
        lock.lock();
        try {
            if (!policies.isEmpty() && policy.version() <= current().version()) {
                throw new IllegalArgumentException("version " + policy.version() + " is not newer than "
                        + current().version());
            }
            policies.put(policy.version(), policy);
            while (policies.size() > KEPT_VERSIONS) {
                policies.pollFirstEntry();
            }
            metrics.policyVersion(policy.version());
            sessions.stream().filter(WorkerSession::greeted).forEach(this::announce);
            admitAndLease();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Has all iterations scored by these endpoints of which no group was admitted yet. An iteration is scored by one list of
     * endpoints, and so is the evaluation before it: their groups keep it however often they are leased.
     */
    public void scoreBy(List<RewardEndpoint> endpoints) {
        lock.lock();
        try {
            int groups = plan.groupsPerIteration();
            rewards.scoreBy(endpoints, Math.toIntExact((nextOrdinal + groups - 1) / groups));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for the groups of an iteration, each exactly once and none older than the run allows.
     *
     * @throws RunAbortedException if the run cannot go on
     * @throws StopRequestedException if the run was asked to stop
     */
    public Batch awaitIteration(int iteration) throws InterruptedException {
        experience.expect(Purpose.PURPOSE_TRAINING, iteration, plan.groupsPerIteration());
        return experience.await(Purpose.PURPOSE_TRAINING, iteration);
    }

    /**
     * Has the held-out prompts drawn with the current policy, before all training groups, and waits for them.
     *
     * @throws RunAbortedException if the run cannot go on
     * @throws StopRequestedException if the run was asked to stop
     */
    public Batch evaluate(int iteration) throws InterruptedException {
        beginEvaluation(iteration);
        return awaitEvaluation(iteration);
    }

    void beginEvaluation(int iteration) {
        List<GroupSpec> groups = plan.evaluation(iteration);
        lock.lock();
        try {
            experience.expect(Purpose.PURPOSE_EVALUATION, iteration, groups.size());
            queue.addFirst(groups);
            admitAndLease();
        } finally {
            lock.unlock();
        }
    }

    Batch awaitEvaluation(int iteration) throws InterruptedException {
        return experience.await(Purpose.PURPOSE_EVALUATION, iteration);
    }

    /** Makes every present and later wait for groups end with {@link StopRequestedException}. */
    public void requestStop() {
        experience.abort(new StopRequestedException());
    }

    /** Takes back what is overdue. To be called a few times in every lease time. */
    public void expire() {
        lock.lock();
        try {
            for (Held held : queue.expired()) {
                held.holder().send(revoked(held.leaseId()));
                fail(held, "its lease expired", true);
            }
            long now = nanoClock.getAsLong();
            for (WorkerSession session : List.copyOf(sessions)) {
                if (now - session.lastHeard() > limits.leaseTime().toNanos()) {
                    session.close(Status.UNAVAILABLE.withDescription("nothing was heard for a whole lease time"));
                    lose(session, "its worker fell silent");
                }
            }
            if (outage.lastsLongerThan(limits.giveUpAfter(), now)) {
                experience.abort(new RunAbortedException(
                        "no group could be scored for " + limits.giveUpAfter().toSeconds() + " s: " + outage.reason()
                                + "; mend it, then go on with --resume",
                        null));
            }
            admitAndLease();
        } finally {
            lock.unlock();
        }
    }

    /** Ends the run: every worker is told and every session is closed. */
    public void end(String reason) {
        lock.lock();
        try {
            ended = reason;
            CoordinatorMessage message = CoordinatorMessage.newBuilder()
                    .setRunEnded(RunEnded.newBuilder().setReason(reason))
                    .build();
            for (WorkerSession session : List.copyOf(sessions)) {
                session.send(message);
                session.close(Status.OK);
            }
            sessions.clear();
            queue.clear();
            count();
        } finally {
            lock.unlock();
        }
    }

    private final class ConnectedWorkers implements Experience.Workers {
        @Override
        public int connected() {
            return connected;
        }

        @Override
        public String advice() {
            String refusal = lastRefusal;
            return refusal.isEmpty()
                    ? "start one with `flowguard serve rollout --learner HOST:PORT`"
                    : "the last one was turned away: " + refusal;
        }
    }

    // ------------------------------------------------------------------------------------------- a worker's session

    WorkerSession connect(StreamObserver<CoordinatorMessage> wire) {
        lock.lock();
        try {
            WorkerSession session = new WorkerSession(wire, nanoClock.getAsLong());
            if (ended != null) {
                session.close(Status.FAILED_PRECONDITION.withDescription("the run is over: " + ended));
            } else {
                sessions.add(session);
            }
            return session;
        } finally {
            lock.unlock();
        }
    }

    void receive(WorkerSession session, WorkerMessage message) {
        lock.lock();
        try {
            if (!session.open()) {
                return;
            }
            session.heard(nanoClock.getAsLong());
            if (session.greeted() == message.hasHello()) {
                turnAway(session, "Hello must be the first message of a session, and come once");
                return;
            }
            switch (message.getMessageCase()) {
                case HELLO -> greet(session, message.getHello());
                case POLICY_BOUND -> bound(session, message.getPolicyBound());
                case CREDITS -> credit(session, message.getCredits());
                case HEARTBEAT -> queue.extend(session, message.getHeartbeat().getLeaseIdsList());
                case LEASE_RETURNED -> takeBack(session, message.getLeaseReturned());
                case REWARD_REFUSED -> refused(session, message.getRewardRefused());
                case MESSAGE_NOT_SET -> turnAway(session, "an empty or unknown message");
            }
            admitAndLease();
        } finally {
            lock.unlock();
        }
    }

    /** The transport says that the session is over. */
    void disconnected(WorkerSession session) {
        lock.lock();
        try {
            session.gone();
            lose(session, "its worker " + session.workerId() + " was lost");
            admitAndLease();
        } finally {
            lock.unlock();
        }
    }

    /** The worker says goodbye; we answer in kind. */
    void leave(WorkerSession session) {
        lock.lock();
        try {
            session.close(Status.OK);
            lose(session, "its worker " + session.workerId() + " left");
            admitAndLease();
        } finally {
            lock.unlock();
        }
    }

    private void greet(WorkerSession session, Hello hello) {
        if (hello.getWorkerId().isBlank()) {
            turnAway(session, "Hello has no worker_id");
            return;
        }
        if (hello.getProtocolRevision() < PROTOCOL_REVISION) {
            turnAway(
                    session,
                    "worker " + hello.getWorkerId() + " speaks revision "
                            + Integer.toUnsignedString(hello.getProtocolRevision())
                            + " of the protocol, this run revision "
                            + PROTOCOL_REVISION + "; upgrade the worker");
            return;
        }
        for (WorkerSession other : List.copyOf(sessions)) {
            if (other.workerId().equals(hello.getWorkerId())) {
                // The worker came back before its old connection was seen to break.
                other.close(Status.ABORTED.withDescription("worker " + hello.getWorkerId() + " has connected anew"));
                lose(other, "its worker connected anew");
            }
        }
        session.greet(hello.getWorkerId(), hello.getDevice());
        session.send(CoordinatorMessage.newBuilder()
                .setWelcome(Welcome.newBuilder()
                        .setSettings(settings.toBuilder().clearRewards().addAllRewards(rewards.latest()))
                        .setLeaseTime(duration(limits.leaseTime()))
                        .setHeartbeatInterval(duration(limits.heartbeatInterval())))
                .build());
        log.info("worker {} joined, sampling on {}", session.workerId(), session.device());
        count();
        announce(session);
    }

    private void announce(WorkerSession session) {
        if (!policies.isEmpty()) {
            session.send(CoordinatorMessage.newBuilder()
                    .setPolicyAnnouncement(current().toAnnouncement())
                    .build());
        }
    }

    private void bound(WorkerSession session, PolicyBound bound) {
        if (policies.isEmpty() || bound.getVersion() != current().version()) {
            // An answer to an announcement that was overtaken by a newer one.
            return;
        }
        current()
                .objection(bound)
                .ifPresentOrElse(
                        objection -> turnAway(
                                session,
                                "worker " + session.workerId() + " did not bind policy version " + bound.getVersion()
                                        + ": " + objection),
                        () -> session.bind(bound.getVersion()));
    }

    private void credit(WorkerSession session, Credits credits) {
        int count = credits.getCount();
        if (count < 0 || count > MAX_CREDITS || session.credits() + count > MAX_CREDITS) {
            turnAway(session, "worker " + session.workerId() + " asked for more than " + MAX_CREDITS + " leases");
        } else {
            session.addCredits(count);
        }
    }

    private void takeBack(WorkerSession session, LeaseReturned returned) {
        for (Held held : queue.heldBy(session)) {
            if (held.leaseId() == returned.getLeaseId()) {
                boolean groupsFault = !returned.getNotTheGroupsFault();
                String reward = returned.getReward();
                if (!reward.isEmpty()) {
                    metrics.returnedWithout(reward);
                    // A scorer that is away for all is no group's fault; one that others reach meanwhile may be.
                    groupsFault |= outage.scoredSince(held.begin());
                    outage.begin(nanoClock.getAsLong(), returned.getReason());
                }
                fail(
                        held,
                        "worker " + session.workerId() + " gave it back: " + returned.getReason(),
                        groupsFault,
                        reward);
            }
        }
    }

    /** Before anything is scored a wrong scorer ends the run; later it may be one replica of several, or a worker's own view. */
    private void refused(WorkerSession session, RewardRefused refused) {
        log.error("worker {} refuses {}", session.workerId(), refused.getReason());
        if (!outage.scoredEver()) {
            experience.abort(new InputException(refused.getReason()));
        }
    }

    /** Ends the session of a worker that cannot serve this run; it must not come back. */
    private void turnAway(WorkerSession session, String why) {
        log.error("{}", why);
        lastRefusal = why;
        session.close(Status.FAILED_PRECONDITION.withDescription(why));
        lose(session, "its worker was turned away");
    }

    private void lose(WorkerSession session, String reason) {
        if (!sessions.remove(session)) {
            return;
        }
        if (session.greeted() && ended == null) {
            log.info("worker {} left", session.workerId());
        }
        queue.heldBy(session).forEach(held -> fail(held, reason, true));
        count();
    }

    // -------------------------------------------------------------------------------------------------- the groups

    private void admitAndLease() {
        if (ended != null || policies.isEmpty()) {
            return;
        }
        admit();
        for (WorkerSession session = nextFree(); session != null; session = nextFree()) {
            Held held = queue.lease(session, current().version());
            if (held == null) {
                break;
            }
            session.spendCredit();
            session.send(CoordinatorMessage.newBuilder()
                    .setLease(held.group().toLease(held.leaseId(), held.policyVersion(), rewards.of(held.group())))
                    .build());
        }
        metrics.leases(queue.leases());
    }

    private void admit() {
        int capacity = admission.capacity(current().version(), settled, queue.running());
        for (; capacity > 0 && nextOrdinal < groupsInRun; capacity--, nextOrdinal++) {
            GroupSpec group;
            try {
                group = plan.training(nextOrdinal);
            } catch (InputException e) {
                experience.abort(new RunAbortedException(e.getMessage() + ", then go on with --resume", e));
                return;
            }
            experience.expect(Purpose.PURPOSE_TRAINING, group.iteration(), plan.groupsPerIteration());
            queue.add(group);
        }
    }

    /** The worker with the fewest leases among those that hold the current policy and want work. */
    private @Nullable WorkerSession nextFree() {
        return sessions.stream()
                .filter(session -> session.open()
                        && session.credits() > 0
                        && session.bound(current().version()))
                .min(Comparator.comparingInt(session -> queue.heldBy(session).size()))
                .orElse(null);
    }

    private void fail(Held held, String reason, boolean groupsFault) {
        fail(held, reason, groupsFault, "");
    }

    private void fail(Held held, String reason, boolean groupsFault, String reward) {
        Failure failure = queue.fail(held.leaseId(), reason, groupsFault);
        if (failure instanceof Failure.Requeued) {
            metrics.requeued();
            log.info("{} returns to the queue: {}", held.group().describe(), reason);
        } else if (failure instanceof Failure.Dropped dropped) {
            metrics.dropped();
            log.error("{} is dropped after {} tries: {}", held.group().describe(), dropped.tries(), reason);
            settle(held.group());
            experience.drop(
                    held.group(),
                    "dropped after " + dropped.tries() + " tries, the last time because " + reason,
                    reward);
        }
    }

    private void settle(GroupSpec group) {
        if (group.training()) {
            settled++;
        }
    }

    /** What to do with a group of which the header has come. */
    sealed interface Verdict {
        /** Take it in. */
        record Assemble(GroupAssembler assembler) implements Verdict {}

        /** Answer at once. */
        record Answer(Receipt receipt, String message) implements Verdict {}
    }

    Verdict examine(GroupHeader header) {
        lock.lock();
        try {
            GroupSpec spec = queue.find(header.getGroupId());
            if (spec == null) {
                return ledger.contains(header.getGroupId())
                        ? answer(Receipt.RECEIPT_DUPLICATE, "")
                        : answer(Receipt.RECEIPT_STALE, "group " + header.getGroupId() + " is not wanted (any more)");
            }
            PolicyVersion policy = policies.get(header.getPolicyVersion());
            if (policy == null || tooOld(spec, policy.version())) {
                return reject(
                        header,
                        Receipt.RECEIPT_STALE,
                        "sampled with policy version " + header.getPolicyVersion() + ", the run is at version "
                                + current().version());
            }
            if (!policy.sha256().equals(header.getAdapterSha256())) {
                return reject(
                        header,
                        Receipt.RECEIPT_REFUSED,
                        "adapter_sha256 is not that of policy version " + policy.version());
            }
            ByteString sigmas = (spec.training() ? settings.getSampling() : settings.getEvaluation()).getSigmasSha256();
            if (!sigmas.equals(header.getSigmasSha256())) {
                return reject(header, Receipt.RECEIPT_REFUSED, "sigmas_sha256 is not that of the run's schedule");
            }
            try {
                return new Verdict.Assemble(new GroupAssembler(
                        spec, header, new GroupAssembler.Expectation(latentShape, rewards.of(spec))));
            } catch (RefusedGroupException e) {
                return reject(header, Receipt.RECEIPT_REFUSED, e.why());
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean tooOld(GroupSpec spec, long version) {
        return spec.training()
                ? version < spec.iteration() - admission.maxStaleness()
                : version != current().version();
    }

    /** Commits a whole group, once. */
    Verdict.Answer commit(ScoredGroup group) {
        lock.lock();
        try {
            if (ledger.contains(group.spec().groupId())) {
                return answer(Receipt.RECEIPT_DUPLICATE, "");
            }
            if (queue.find(group.spec().groupId()) == null) {
                return answer(Receipt.RECEIPT_STALE, group.spec().describe() + " is not wanted any more");
            }
            ledger.commit(group);
            Held held = queue.settle(group.spec().groupId());
            if (held != null && !held.holder().workerId().equals(group.workerId())) {
                held.holder().send(revoked(held.leaseId()));
            }
            settle(group.spec());
            outage.scored(nanoClock.getAsLong());
            report(group);
            experience.commit(group);
            admitAndLease();
            return answer(Receipt.RECEIPT_COMMITTED, "");
        } catch (UncheckedIOException e) {
            experience.abort(new RunAbortedException(e.getMessage() + "; free the disk, then go on with --resume", e));
            throw e;
        } finally {
            lock.unlock();
        }
    }

    private void report(ScoredGroup group) {
        for (MissingScores missing : group.missing()) {
            if (!missing.shadow()) {
                metrics.missing(missing.reward(), missing.members());
            }
            log.warn(
                    "{} of {} members of {} have no score '{}'{}: {}",
                    missing.members(),
                    group.members().size(),
                    group.spec().describe(),
                    missing.reward(),
                    missing.shadow() ? " by the endpoint that shadows it" : "",
                    missing.reason());
        }
    }

    /** Answers a group that is not good enough and has it sampled again. */
    Verdict.Answer reject(GroupHeader header, Receipt receipt, String why) {
        lock.lock();
        try {
            log.warn("group {} from worker {}: {}: {}", header.getGroupId(), header.getWorkerId(), receipt, why);
            Held held = queue.heldBy(header.getWorkerId(), header.getGroupId());
            if (held != null && held.leaseId() == header.getLeaseId()) {
                fail(held, "it was refused: " + why, true);
                admitAndLease();
            }
            return answer(receipt, why);
        } finally {
            lock.unlock();
        }
    }

    private Verdict.Answer answer(Receipt receipt, String message) {
        metrics.submitted(receipt);
        return new Verdict.Answer(receipt, message);
    }

    /** A kept version's payload; null where the version is not kept. */
    @Nullable
    ByteString payload(long version) {
        lock.lock();
        try {
            PolicyVersion policy = policies.get(version);
            return policy == null ? null : policy.payload();
        } finally {
            lock.unlock();
        }
    }

    private PolicyVersion current() {
        return policies.lastEntry().getValue();
    }

    private void count() {
        connected = (int) sessions.stream().filter(WorkerSession::greeted).count();
        metrics.workers(connected);
        if (connected > 0) {
            lastRefusal = "";
        }
    }

    private static CoordinatorMessage revoked(long leaseId) {
        return CoordinatorMessage.newBuilder()
                .setLeaseRevoked(LeaseRevoked.newBuilder().setLeaseId(leaseId))
                .build();
    }

    private static com.google.protobuf.Duration duration(Duration duration) {
        return com.google.protobuf.Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }

    /** For tests and health: leases that somebody holds. */
    Map<String, Integer> situation() {
        lock.lock();
        try {
            return Map.of("workers", connected, "leases", queue.leases(), "running", queue.running());
        } finally {
            lock.unlock();
        }
    }
}
