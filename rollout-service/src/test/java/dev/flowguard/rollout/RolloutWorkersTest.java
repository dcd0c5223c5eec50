package dev.flowguard.rollout;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.proto.v1.CoordinatorMessage;
import dev.flowguard.proto.v1.Hello;
import dev.flowguard.proto.v1.RunEnded;
import dev.flowguard.proto.v1.WorkerMessage.MessageCase;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several devices in one process, each with a model that a test holds. */
@Timeout(60)
class RolloutWorkersTest {

    private final InProcessChannels channels = new InProcessChannels();
    private final FakeCoordinator learner = new FakeCoordinator();
    private final FakeScorer scorer = new FakeScorer();
    private final Map<Device, FakeSampler> samplers = new ConcurrentHashMap<>();
    private final RolloutWorkers workers = workers("cuda:0,cuda:1");

    @AfterEach
    void close() {
        samplers.values().forEach(FakeSampler::letAllThrough);
        workers.stop();
        channels.close();
    }

    @Test
    void everyDeviceDrawsItsGroupsAtTheSameTime() throws InterruptedException {
        workers.start();
        Map<String, FakeCoordinator.Session> sessions = new HashMap<>();
        for (int i = 0; i < 2; i++) {
            FakeCoordinator.Session session = learner.nextSession();
            Hello hello = session.next().getHello();
            assertThat(hello.getWorkerId()).isEqualTo("pod-" + hello.getDevice().replace(":", ""));
            sessions.put(hello.getDevice(), session);
            session.welcome(Groups.settings(channels.serve(scorer)).build());
            session.announce(1, "weights");
            session.next(MessageCase.POLICY_BOUND);
        }
        assertThat(sessions).containsOnlyKeys("cuda:0", "cuda:1");
        assertThat(samplers).containsOnlyKeys(Device.cuda(0), Device.cuda(1));
        samplers.values().forEach(FakeSampler::hold);
        requireNonNull(sessions.get("cuda:0")).lease(Groups.lease(1));
        requireNonNull(sessions.get("cuda:1")).lease(Groups.lease(2));

        // Neither is let through: one engine thread for both would begin the second group only after the first.
        assertThat(sampler(0).begun.poll(20, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(sampler(1).begun.poll(20, TimeUnit.SECONDS)).isEqualTo(2);
        assertThat(workers.statuses()).extracting(WorkerStatus::state).containsOnly(WorkerStatus.State.SERVING);
    }

    @Test
    void theRunIsOverWhenItIsForAll() throws InterruptedException {
        workers.start();
        FakeCoordinator.Session first = welcomed();
        FakeCoordinator.Session second = welcomed();
        endRun(first);
        endRun(second);
        assertThat(workers.end()
                        .toCompletableFuture()
                        .orTimeout(20, TimeUnit.SECONDS)
                        .join())
                .isEqualTo(new WorkerEnd(true, "done"));
    }

    @Test
    void aDeviceIsGivenOnce() {
        assertThatThrownBy(() -> workers("cuda,cuda:0"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("twice");
        assertThatThrownBy(() -> workers("cuda:0,"))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("device '' is unknown");
    }

    private FakeSampler sampler(int gpu) {
        return requireNonNull(samplers.get(Device.cuda(gpu)));
    }

    private static void endRun(FakeCoordinator.Session session) {
        session.send(CoordinatorMessage.newBuilder()
                .setRunEnded(RunEnded.newBuilder().setReason("done")));
    }

    private FakeCoordinator.Session welcomed() throws InterruptedException {
        FakeCoordinator.Session session = learner.nextSession();
        session.welcome(Groups.settings(channels.serve(scorer)).build());
        return session;
    }

    private RolloutWorkers workers(String devices) {
        RolloutMetrics metrics = new RolloutMetrics(new SimpleMeterRegistry());
        Duration limit = Duration.ofSeconds(20);
        RolloutProperties properties =
                new RolloutProperties(channels.serve(learner), "pod", devices, 2, limit, limit, limit);
        Backoff backoff = new Backoff(Duration.ofMillis(1), Duration.ofMillis(1));
        Random random = new Random(1);
        ChannelFactory factory = new ChannelFactory(channels);
        Retry retry = new Retry(3, backoff, wait -> {}, random, metrics);
        List<RolloutWorker> each = properties.perDevice().stream()
                .map(own -> new RolloutWorker(
                        own,
                        factory,
                        settings -> samplers.computeIfAbsent(Device.parse(own.device()), absent -> new FakeSampler()),
                        new FakeScheduler(),
                        WorkerThreads.forGroups(2),
                        retry,
                        new ScorerClients(factory, retry, wait -> {}, System::nanoTime, random, metrics, 2),
                        backoff,
                        random,
                        metrics))
                .toList();
        return new RolloutWorkers(each);
    }
}
