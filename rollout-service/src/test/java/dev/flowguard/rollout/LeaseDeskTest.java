package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.proto.v1.CoordinatorGrpc;
import dev.flowguard.proto.v1.LeaseReturned;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import io.grpc.Channel;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/** Tries to break the desk's invariant: whatever happens at once, a lease is answered once. */
@Timeout(60)
class LeaseDeskTest {

    private static final int LEASES = 40;
    private static final int CAPACITY = LEASES;

    @RepeatedTest(10)
    void answersEachLeaseOnceWhateverHappensAtOnce() throws InterruptedException {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        RolloutMetrics metrics = new RolloutMetrics(registry);
        Retry retry = new Retry(
                3, new Backoff(Duration.ofMillis(1), Duration.ofMillis(1)), wait -> {}, new Random(1), metrics);
        Replies replies = new Replies();
        WorkerThreads threads = WorkerThreads.forGroups(4);
        try (InProcessChannels channels = new InProcessChannels()) {
            FakeCoordinator learner = new FakeCoordinator();
            PolicyAnnouncement policy = learner.keep(1, "weights");
            ChannelFactory factory = new ChannelFactory(channels);
            Channel coordinator = factory.to(channels.serve(learner));
            Model model = new Model(settings -> new FakeSampler());
            threads.engine()
                    .execute(() ->
                            model.load(Groups.settings("in-process:nobody").build()));
            CountDownLatch bound = new CountDownLatch(1);
            PolicyDesk policies = new PolicyDesk(
                    new PolicyFetcher(CoordinatorGrpc.newBlockingStub(coordinator), retry, Duration.ofSeconds(20)),
                    model,
                    answer -> bound.countDown(),
                    threads.fetching(),
                    threads.engine(),
                    metrics);
            policies.announce(policy);
            assertThat(bound.await(20, TimeUnit.SECONDS)).isTrue();
            LeaseDesk desk = new LeaseDesk(
                    CAPACITY,
                    replies,
                    policies,
                    model,
                    new GroupScorer(
                            List.of(),
                            new ScorerClients(
                                    factory, retry, wait -> {}, System::nanoTime, new Random(1), metrics, CAPACITY),
                            threads.scoring()),
                    new GroupSubmitter(
                            CoordinatorGrpc.newStub(coordinator),
                            "worker-1",
                            Groups.settings("in-process:nobody").build(),
                            retry,
                            Duration.ofSeconds(20)),
                    threads.engine(),
                    threads.finishing(),
                    metrics);

            Thread arriving = new Thread(() -> {
                for (int id = 0; id < LEASES; id++) {
                    desk.accept(Groups.lease(id).build());
                }
            });
            Thread revoking = new Thread(() -> {
                for (int id = 0; id < LEASES; id += 3) {
                    desk.revoke(id);
                }
            });
            arriving.start();
            revoking.start();
            desk.drain(Duration.ofMillis(2));
            desk.abandon();
            arriving.join();
            revoking.join();
            threads.engine().shutdown();
            threads.finishing().shutdown();
            assertThat(threads.engine().awaitTermination(20, TimeUnit.SECONDS)).isTrue();

            double answered = registry.find("flowguard.rollout.leases").counters().stream()
                    .mapToDouble(Counter::count)
                    .sum();
            assertThat(answered).isEqualTo(LEASES);
            assertThat(replies.returned).doesNotHaveDuplicates();
            assertThat(desk.ids()).isEmpty();
        } finally {
            threads.stop(Duration.ofSeconds(5));
        }
    }

    private static final class Replies implements LeaseReplies {
        private final List<Long> returned = new CopyOnWriteArrayList<>();

        @Override
        public void grant(int credits) {}

        @Override
        public void giveBack(LeaseReturned lease) {
            returned.add(lease.getLeaseId());
        }
    }
}
