package dev.flowguard.rollout;

import dev.flowguard.proto.v1.CoordinatorGrpc;
import dev.flowguard.proto.v1.Hello;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.RewardRefused;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Welcome;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.springframework.context.SmartLifecycle;
import org.springframework.scheduling.TaskScheduler;

/**
 * A rollout worker: keeps a session with the learner until the run is over or the process stops. A lost session is
 * followed by another one after a growing wait; the model stays loaded meanwhile. Thread-safe.
 */
final class RolloutWorker implements SmartLifecycle, WorkerSession.Listener {

    /** The revision of flowguard.v1 that this worker speaks. */
    private static final int PROTOCOL_REVISION = 1;

    /** How long a denoising step, an HTTP call and the like may take to notice that the worker stops. */
    private static final Duration THREADS_STOP_LIMIT = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(RolloutWorker.class);

    private final RolloutProperties properties;
    private final ChannelFactory channels;
    private final Model model;
    private final TaskScheduler scheduler;
    private final WorkerThreads threads;
    private final Retry retry;
    private final ScorerClients scorers;
    private final Backoff reconnect;
    private final RandomGenerator random;
    private final RolloutMetrics metrics;
    private final CompletableFuture<WorkerEnd> end = new CompletableFuture<>();

    private WorkerStatus.State state = WorkerStatus.State.STOPPED;
    private @Nullable WorkerSession session;
    private @Nullable RunSettings settings;
    private @Nullable String lastEnd;
    private @Nullable Future<?> reconnecting;
    private int lostInARow;

    RolloutWorker(
            RolloutProperties properties,
            ChannelFactory channels,
            GroupSampler.Loader loader,
            TaskScheduler scheduler,
            WorkerThreads threads,
            Retry retry,
            ScorerClients scorers,
            Backoff reconnect,
            RandomGenerator random,
            RolloutMetrics metrics) {
        this.properties = properties;
        this.channels = channels;
        this.model = new Model(loader);
        this.scheduler = scheduler;
        this.threads = threads;
        this.retry = retry;
        this.scorers = scorers;
        this.reconnect = reconnect;
        this.random = random;
        this.metrics = metrics;
    }

    /** Completes when the run is over or turns out not to be for this worker; not when the worker is stopped. */
    CompletionStage<WorkerEnd> end() {
        return end.minimalCompletionStage();
    }

    @Override
    public synchronized void start() {
        state = WorkerStatus.State.CONNECTING;
        connect();
    }

    private synchronized void connect() {
        if (state != WorkerStatus.State.CONNECTING) {
            return;
        }
        Hello hello = Hello.newBuilder()
                .setWorkerId(properties.workerId())
                .setProtocolRevision(PROTOCOL_REVISION)
                .setDevice(properties.device())
                .build();
        WorkerSession next = new WorkerSession(hello, this, scheduler);
        session = next;
        // How long to wait is our decision: the channel's own waits grow to two minutes.
        coordinator().resetConnectBackoff();
        next.open(CoordinatorGrpc.newStub(coordinator()));
    }

    @Override
    public Shift welcomed(WorkerSession welcomed, Welcome welcome) {
        RunSettings run = welcome.getSettings();
        log.info("worker {} serves run {}", properties.workerId(), run.getRunId());
        // The session's first task on the engine thread: policies and leases queue behind it.
        threads.engine().execute(() -> model.load(run));
        synchronized (this) {
            state = WorkerStatus.State.SERVING;
            settings = run;
            lostInARow = 0;
        }
        return shift(welcomed, run);
    }

    private Shift shift(WorkerSession welcomed, RunSettings run) {
        PolicyFetcher fetcher =
                new PolicyFetcher(CoordinatorGrpc.newBlockingStub(coordinator()), retry, properties.policyTimeout());
        GroupSubmitter submitter = new GroupSubmitter(
                CoordinatorGrpc.newStub(coordinator()),
                String.valueOf(properties.workerId()),
                run,
                retry,
                properties.submitTimeout());
        threads.scoring().execute(() -> lookAtRewards(welcomed, run.getRewardsList()));
        PolicyDesk policies =
                new PolicyDesk(fetcher, model, welcomed::bound, threads.fetching(), threads.engine(), metrics);
        LeaseDesk leases = new LeaseDesk(
                properties.groupsInFlight(),
                welcomed,
                policies,
                model,
                new GroupScorer(run.getRewardsList(), scorers, threads.scoring()),
                submitter,
                threads.engine(),
                threads.finishing(),
                metrics);
        return new Shift(policies, leases);
    }

    /**
     * Who answers at the rewards' addresses is looked at before anything is drawn for them. A shadow is not: the learner
     * judges it by what it scores.
     */
    private void lookAtRewards(WorkerSession welcomed, List<RewardEndpoint> rewards) {
        try {
            for (RewardEndpoint reward :
                    rewards.stream().filter(one -> !one.getShadow()).toList()) {
                scorers.of(reward)
                        .objection()
                        .ifPresent(objection -> welcomed.refused(RewardRefused.newBuilder()
                                .setEndpoint(reward.getName())
                                .setReason(objection)
                                .build()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void ended(WorkerSession ended, SessionEnd how) {
        Shift shift = ended.shift();
        if (shift != null) {
            shift.leases().abandon();
        }
        synchronized (this) {
            lastEnd = how.reason();
        }
        if (how instanceof SessionEnd.Lost) {
            reconnect(how.reason());
        } else if (how instanceof SessionEnd.RunOver) {
            finish(new WorkerEnd(true, how.reason()));
        } else if (how instanceof SessionEnd.Refused) {
            finish(new WorkerEnd(false, how.reason()));
        }
    }

    private synchronized void reconnect(String reason) {
        if (state == WorkerStatus.State.CONNECTING || state == WorkerStatus.State.SERVING) {
            if (state == WorkerStatus.State.SERVING) {
                metrics.sessionLost();
            }
            state = WorkerStatus.State.CONNECTING;
            lostInARow++;
            Duration wait = reconnect.after(lostInARow, random);
            // Said once: while the learner is away it would be the same every second.
            log.atLevel(lostInARow == 1 ? Level.WARN : Level.DEBUG)
                    .log("no session with {} ({}): looking for it", properties.coordinator(), reason);
            reconnecting = scheduler.schedule(
                    this::connect, scheduler.getClock().instant().plus(wait));
        }
    }

    private void finish(WorkerEnd how) {
        synchronized (this) {
            if (state == WorkerStatus.State.STOPPED || state == WorkerStatus.State.DRAINING) {
                return;
            }
            state = WorkerStatus.State.ENDED;
            threads.engine().execute(model::close);
        }
        if (how.runOver()) {
            log.info("the run is over: {}", how.reason());
        } else {
            log.error("this worker cannot serve the run: {}", how.reason());
        }
        end.complete(how);
    }

    /** Finishes the leases at hand or gives them back, leaves the session, and frees the model. Bounded in time. */
    @Override
    public void stop() {
        WorkerSession last;
        synchronized (this) {
            if (state == WorkerStatus.State.STOPPED) {
                return;
            }
            state = WorkerStatus.State.DRAINING;
            last = session;
            if (reconnecting != null) {
                reconnecting.cancel(false);
            }
        }
        try {
            Shift shift = last == null ? null : last.shift();
            if (shift != null) {
                shift.leases().drain(properties.drainTimeout());
            }
            if (last != null) {
                last.leave();
            }
            threads.engine().execute(model::close);
            threads.stop(THREADS_STOP_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            synchronized (this) {
                state = WorkerStatus.State.STOPPED;
            }
        }
    }

    @Override
    public synchronized boolean isRunning() {
        return state != WorkerStatus.State.STOPPED;
    }

    synchronized WorkerStatus status() {
        Shift shift = session == null ? null : session.shift();
        BoundPolicy bound = shift == null ? null : shift.policies().bound();
        return new WorkerStatus(
                state,
                settings == null ? null : settings.getRunId(),
                bound == null ? null : bound.version(),
                shift == null ? 0 : shift.leases().ids().size(),
                lastEnd);
    }

    private ManagedChannel coordinator() {
        return channels.to(String.valueOf(properties.coordinator()));
    }
}
