package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.CoordinatorMessage;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.Hello;
import dev.flowguard.proto.v1.LeaseReturned;
import dev.flowguard.proto.v1.LeaseRevoked;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.PolicyBound;
import dev.flowguard.proto.v1.Receipt;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.RewardRefused;
import dev.flowguard.proto.v1.RunEnded;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.WorkerMessage.MessageCase;
import dev.flowguard.tensor.InputException;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The whole worker but its tensors, against a learner and a scorer played by hand. */
@Timeout(60)
class RolloutWorkerTest {

    private static final int CAPACITY = 2;
    private static final Duration LONGEST_RECONNECT = Duration.ofSeconds(8);

    private final InProcessChannels channels = new InProcessChannels();
    private final FakeCoordinator learner = new FakeCoordinator();
    private final FakeScorer scorer = new FakeScorer();
    private final FakeScheduler scheduler = new FakeScheduler();
    private final FakeSampler sampler = new FakeSampler();
    private final AtomicInteger loads = new AtomicInteger();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final String coordinator = channels.serve(learner);
    private final RunSettings run = Groups.settings(channels.serve(scorer)).build();
    private final RolloutWorker worker = worker(settings -> {
        loads.incrementAndGet();
        return sampler;
    });

    private FakeCoordinator.Session session;

    @BeforeEach
    void connect() throws InterruptedException {
        worker.start();
        session = learner.nextSession();
    }

    @AfterEach
    void close() {
        sampler.letAllThrough();
        worker.stop();
        channels.close();
    }

    // ------------------------------------------------------------------------------------------------ the good case

    @Test
    void saysHelloAndAsksForLeasesOnceWelcome() throws InterruptedException {
        Hello hello = session.next().getHello();
        assertThat(hello.getWorkerId()).isEqualTo("worker-1");
        assertThat(hello.getProtocolRevision()).isEqualTo(1);
        assertThat(hello.getDevice()).isEqualTo("cpu");

        session.welcome(run);

        assertThat(session.next().getCredits().getCount()).isEqualTo(CAPACITY);
        assertThat(worker.status().state()).isEqualTo(WorkerStatus.State.SERVING);
        assertThat(worker.status().runId()).isEqualTo("test-run");
    }

    @Test
    void bindsAnAnnouncedPolicyAndSaysWhatItReadBack() throws InterruptedException {
        session.welcome(run);
        session.announce(1, "weights");

        PolicyBound bound = session.next(MessageCase.POLICY_BOUND).getPolicyBound();

        assertThat(bound.getVersion()).isEqualTo(1);
        assertThat(bound.getError()).isEmpty();
        assertThat(bound.getModulesBound()).isEqualTo(8);
        assertThat(bound.getTensors(0).getSha256()).isEqualTo(sha256("weights"));
        assertThat(sampler.bound).containsExactly("weights");
        assertThat(registry.get("flowguard.rollout.policy.version").gauge().value())
                .isEqualTo(1);
    }

    @Test
    void handsInTheScoredGroupAndAsksForAnotherLease() throws InterruptedException {
        serve();
        session.lease(Groups.lease(1).setReturnImages(true));

        List<GroupPart> parts = learner.nextGroup();

        GroupHeader header = parts.get(0).getHeader();
        assertThat(header.getLeaseId()).isEqualTo(1);
        assertThat(header.getGroupId()).isEqualTo(101);
        assertThat(header.getWorkerId()).isEqualTo("worker-1");
        assertThat(header.getPolicyVersion()).isEqualTo(1);
        assertThat(header.getAdapterSha256()).isEqualTo(sha256("weights"));
        assertThat(header.getSigmasSha256()).isEqualTo(run.getSampling().getSigmasSha256());
        assertThat(header.getMembers(1).getScoresList())
                .extracting(MemberScore::getValue)
                .containsExactly(1.5);
        assertThat(parts.stream().filter(GroupPart::hasImage)).hasSize(2);
        assertThat(session.next(MessageCase.CREDITS).getCredits().getCount()).isEqualTo(1);
        assertThat(registry.get("flowguard.rollout.images").counter().count()).isEqualTo(2);
    }

    @Test
    void drawsTheNextGroupWhileTheOneBeforeIsScored() throws InterruptedException {
        CountDownLatch nextHasBegun = new CountDownLatch(1);
        scorer.then((items, out) -> {
            try {
                assertThat(nextHasBegun.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            FakeScorer.SCORES.answer(items, out);
        });
        serve();
        sampler.hold();
        session.lease(Groups.lease(1));
        session.lease(Groups.lease(2));

        sampler.letOneThrough();
        assertThat(sampler.begun.take()).isEqualTo(1);
        assertThat(sampler.begun.take()).isEqualTo(2);
        nextHasBegun.countDown();

        assertThat(leaseOf(learner.nextGroup())).isEqualTo(1);
    }

    @Test
    void heartbeatsNameTheLeasesThatItHolds() throws InterruptedException {
        serve();
        sampler.hold();
        session.lease(Groups.lease(3));
        assertThat(sampler.begun.take()).isEqualTo(3);

        scheduler.pass(Duration.ofSeconds(5));

        assertThat(session.next(MessageCase.HEARTBEAT).getHeartbeat().getLeaseIdsList())
                .containsExactly(3L);
    }

    @Test
    void looksWhoAnswersAtTheRewardsAddressesBeforeAnythingIsDrawn() throws InterruptedException {
        session.welcome(run.toBuilder()
                .setRewards(0, run.getRewards(0).toBuilder().setVersion("2"))
                .build());

        RewardRefused refused = session.next(MessageCase.REWARD_REFUSED).getRewardRefused();
        assertThat(refused.getEndpoint()).isEqualTo("ocr");
        assertThat(refused.getReason()).contains("it is version '1', the recipe wants '2'");
    }

    @Test
    void scoresByTheEndpointsOfTheLease() throws InterruptedException {
        FakeScorer other = new FakeScorer();
        RewardEndpoint old = run.getRewards(0);
        RewardEndpoint next = old.toBuilder().setTarget(channels.serve(other)).build();
        serve();
        session.lease(Groups.lease(1)
                .addRewards(old)
                .addRewards(next.toBuilder().setShadow(true))
                .addRewards(old.toBuilder()
                        .setName("away")
                        .setTarget("in-process:nobody")
                        .setMayBeMissing(true)));

        GroupHeader shadowed = learner.nextGroup().get(0).getHeader();
        assertThat(shadowed.getMembers(1).getScoresList()).hasSize(1);
        assertThat(shadowed.getMembers(1).getShadowScoresList()).hasSize(1);
        assertThat(shadowed.getMissingList()).singleElement().satisfies(missing -> {
            assertThat(missing.getEndpoint()).isEqualTo("away");
            assertThat(missing.getMembers()).isEqualTo(Groups.MEMBERS);
            assertThat(missing.getShadow()).isFalse();
        });

        session.lease(Groups.lease(2).addRewards(next));
        assertThat(learner.nextGroup().get(0).getHeader().getMembers(1).getScoresList())
                .hasSize(1);
        assertThat(scorer.calls).hasSize(1);
        assertThat(other.calls).hasSize(2);
    }

    // ------------------------------------------------------------------------------------------------------ policies

    @Test
    void keepsTheOldPolicyWhereTheNewOneIsCorrupt() throws InterruptedException {
        serve();
        session.announce(PolicyAnnouncement.newBuilder()
                .setVersion(1)
                .setSizeBytes("weights".length())
                .setSha256(sha256("other")));

        assertThat(session.next(MessageCase.POLICY_BOUND).getPolicyBound().getError())
                .isEqualTo("policy 1 could not be fetched: it arrived with another SHA-256 than announced");
        session.lease(Groups.lease(1));
        assertThat(leaseOf(learner.nextGroup())).isEqualTo(1);
    }

    @Test
    void saysWhyAPolicyDoesNotFit() throws InterruptedException {
        serve();
        session.announce(2, FakeSampler.MISFIT);

        assertThat(session.next(MessageCase.POLICY_BOUND).getPolicyBound().getError())
                .isEqualTo("policy 2 does not fit");
        assertThat(sampler.bound).containsExactly("weights");
    }

    @Test
    void givesBackALeaseOfAPolicyThatItDoesNotHold() throws InterruptedException {
        serve();
        session.lease(Groups.lease(1).setPolicyVersion(2));

        LeaseReturned returned = returned();
        assertThat(returned.getReason()).isEqualTo("the lease wants policy 2, the worker holds 1");
        assertThat(returned.getNotTheGroupsFault()).isTrue();
    }

    // -------------------------------------------------------------------------------------------------------- leases

    @Test
    void givesTheLeaseBackWhereAScoreIsMissing() throws InterruptedException {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.failure(1, FailureKind.FAILURE_KIND_INVALID_ITEM, "not an image"));
            out.onCompleted();
        });
        serve();
        session.lease(Groups.lease(1));

        LeaseReturned returned = returned();
        assertThat(returned.getReason()).contains("reward 'ocr'").contains("member 1: not an image");
        assertThat(returned.getNotTheGroupsFault()).isFalse();
        assertThat(session.next(MessageCase.CREDITS).getCredits().getCount()).isEqualTo(1);
        assertThat(learner.nothingSubmitted()).isTrue();
    }

    @Test
    void givesBackWhatItDidNotAskFor() throws InterruptedException {
        serve();
        sampler.hold();
        session.lease(Groups.lease(1));
        session.lease(Groups.lease(2));
        session.lease(Groups.lease(3));

        assertThat(returned().getLeaseId()).isEqualTo(3);
    }

    @Test
    void dropsARevokedLeaseWithoutAWord() throws InterruptedException {
        serve();
        sampler.hold();
        session.lease(Groups.lease(1));
        session.lease(Groups.lease(2));
        assertThat(sampler.begun.take()).isEqualTo(1);
        session.send(CoordinatorMessage.newBuilder()
                .setLeaseRevoked(LeaseRevoked.newBuilder().setLeaseId(1)));
        scheduler.pass(Duration.ofSeconds(5));
        while (!session.next(MessageCase.HEARTBEAT)
                .getHeartbeat()
                .getLeaseIdsList()
                .equals(List.of(2L))) {
            scheduler.pass(Duration.ofSeconds(5));
        }
        sampler.letOneThrough();
        sampler.letOneThrough();

        assertThat(leaseOf(learner.nextGroup())).isEqualTo(2);
        assertThat(learner.nothingSubmitted()).isTrue();
    }

    @Test
    void handsAGroupInAgainWhereTheLearnerWasAway() throws InterruptedException {
        serve();
        learner.answerNextGroup(out -> out.onError(Status.UNAVAILABLE.asRuntimeException()));
        learner.answerNextGroup(FakeCoordinator.receipt(Receipt.RECEIPT_DUPLICATE));
        session.lease(Groups.lease(1));

        assertThat(leaseOf(learner.nextGroup())).isEqualTo(1);
        assertThat(leaseOf(learner.nextGroup())).isEqualTo(1);
        assertThat(session.next().hasCredits()).isTrue();
    }

    @Test
    void aRefusedGroupIsDone() throws InterruptedException {
        serve();
        learner.answerNextGroup(FakeCoordinator.receipt(Receipt.RECEIPT_REFUSED));
        session.lease(Groups.lease(1));

        assertThat(leaseOf(learner.nextGroup())).isEqualTo(1);
        assertThat(session.next().hasCredits()).isTrue();
        assertThat(registry.get("flowguard.rollout.leases")
                        .tag("outcome", "refused")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    // ------------------------------------------------------------------------------------------------------ sessions

    @Test
    void comesBackAfterALossAndHandsInNothingOfIt() throws InterruptedException {
        serve();
        sampler.hold();
        session.lease(Groups.lease(1));
        assertThat(sampler.begun.take()).isEqualTo(1);
        session.fail(Status.UNAVAILABLE.asRuntimeException());
        comeBack();
        sampler.letOneThrough();
        serve();
        session.lease(Groups.lease(2));
        sampler.letOneThrough();

        assertThat(leaseOf(learner.nextGroup())).isEqualTo(2);
        assertThat(learner.nothingSubmitted()).isTrue();
        assertThat(loads).hasValue(1);
        assertThat(registry.get("flowguard.rollout.sessions.lost").counter().count())
                .isEqualTo(1);
    }

    @Test
    void comesBackWhereNoWelcomeComes() throws InterruptedException {
        assertThat(session.next().hasHello()).isTrue();
        scheduler.pass(WorkerSession.WELCOME_TIME_LIMIT);

        assertThat(session.end()).contains("CANCELLED");
        comeBack();
        assertThat(session.next().hasHello()).isTrue();
    }

    @Test
    void comesBackWhereTheLearnerDoesNotBeginWithWelcome() throws InterruptedException {
        session.lease(Groups.lease(1));

        assertThat(session.end()).contains("CANCELLED");
        comeBack();
    }

    @Test
    void endsWithTheRun() throws Exception {
        serve();
        session.send(CoordinatorMessage.newBuilder()
                .setRunEnded(RunEnded.newBuilder().setReason("all iterations done")));

        assertThat(end()).isEqualTo(new WorkerEnd(true, "all iterations done"));
        assertThat(session.end()).isEqualTo("completed");
        assertThat(scheduler.waiting()).isZero();
    }

    @Test
    void doesNotComeBackAfterFailedPrecondition() throws Exception {
        session.fail(
                Status.FAILED_PRECONDITION.withDescription("protocol 2 wanted").asRuntimeException());

        assertThat(end()).isEqualTo(new WorkerEnd(false, "FAILED_PRECONDITION: protocol 2 wanted"));
        assertThat(scheduler.waiting()).isZero();
    }

    @Test
    void saysThatTheSigmasAreNotThoseOfTheDigest() throws InterruptedException {
        RunSettings.Builder other = run.toBuilder();
        other.getSamplingBuilder().setSigmas(1, .4);
        session.welcome(other.build());
        session.announce(0, "weights");

        assertThat(session.next(MessageCase.POLICY_BOUND).getPolicyBound().getError())
                .startsWith("sampling.sigmas do not have the SHA-256");
        assertThat(loads).hasValue(0);
    }

    @Test
    void saysThatTheModelIsNotTheRuns() throws InterruptedException {
        RolloutWorker other = worker(settings -> {
            throw new InputException("models/tiny: other weights than the run's");
        });
        other.start();
        session = learner.nextSession();
        session.welcome(run);
        session.announce(0, "weights");

        PolicyBound answer = session.next(MessageCase.POLICY_BOUND).getPolicyBound();
        assertThat(answer.getError()).isEqualTo("models/tiny: other weights than the run's");
        assertThat(answer.getVersion()).isZero();
        other.stop();
    }

    // ---------------------------------------------------------------------------------------------------------- stop

    @Test
    void finishesWhatItHoldsBeforeItStops() throws InterruptedException {
        serve();
        sampler.hold();
        session.lease(Groups.lease(1));
        assertThat(sampler.begun.take()).isEqualTo(1);
        Thread stopping = new Thread(worker::stop);
        stopping.start();
        while (worker.status().state() != WorkerStatus.State.DRAINING) {
            Thread.onSpinWait();
        }
        sampler.letOneThrough();

        assertThat(leaseOf(learner.nextGroup())).isEqualTo(1);
        stopping.join();
        assertThat(session.end()).isEqualTo("completed");
        assertThat(sampler.closed).isTrue();
    }

    @Test
    void givesBackWhatItCannotFinishInTime() throws InterruptedException {
        RolloutWorker hurried = worker(settings -> sampler, Duration.ofMillis(50));
        hurried.start();
        session = learner.nextSession();
        serve();
        sampler.hold();
        session.lease(Groups.lease(1));
        session.lease(Groups.lease(2));
        assertThat(sampler.begun.take()).isEqualTo(1);

        Thread stopping = new Thread(hurried::stop);
        stopping.start();
        List<LeaseReturned> returned = new ArrayList<>(List.of(returned(), returned()));
        sampler.letAllThrough();
        stopping.join();

        assertThat(returned).extracting(LeaseReturned::getLeaseId).containsExactlyInAnyOrder(1L, 2L);
        assertThat(returned).allMatch(LeaseReturned::getNotTheGroupsFault);
        assertThat(returned).extracting(LeaseReturned::getReason).containsOnly("the worker is draining");
        assertThat(learner.nothingSubmitted()).isTrue();
    }

    // ------------------------------------------------------------------------------------------------------- helpers

    /** Welcomes the worker and has it bind policy 1. */
    private void serve() throws InterruptedException {
        session.welcome(run);
        session.announce(1, "weights");
        assertThat(session.next(MessageCase.POLICY_BOUND).getPolicyBound().getError())
                .isEmpty();
    }

    /** Lets the wait before the next session pass, once the worker has noticed the loss. */
    private void comeBack() throws InterruptedException {
        while (worker.status().state() != WorkerStatus.State.CONNECTING || scheduler.waiting() != 1) {
            Thread.onSpinWait();
        }
        scheduler.pass(LONGEST_RECONNECT);
        session = learner.nextSession();
    }

    private LeaseReturned returned() throws InterruptedException {
        return session.next(MessageCase.LEASE_RETURNED).getLeaseReturned();
    }

    private WorkerEnd end() throws InterruptedException, ExecutionException, TimeoutException {
        return worker.end().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static long leaseOf(List<GroupPart> parts) {
        return parts.get(0).getHeader().getLeaseId();
    }

    private static ByteString sha256(String payload) {
        return Sha256.of(ByteString.copyFromUtf8(payload).toByteArray());
    }

    private RolloutWorker worker(GroupSampler.Loader loader) {
        return worker(loader, Duration.ofSeconds(20));
    }

    private RolloutWorker worker(GroupSampler.Loader loader, Duration drainTimeout) {
        RolloutMetrics metrics = new RolloutMetrics(registry);
        Random random = new Random(1);
        RolloutProperties properties = new RolloutProperties(
                coordinator, "worker-1", "cpu", CAPACITY, drainTimeout, Duration.ofSeconds(20), Duration.ofSeconds(20));
        Backoff backoff = new Backoff(Duration.ofMillis(1), Duration.ofMillis(1));
        ChannelFactory factory = new ChannelFactory(channels);
        Retry retry = new Retry(3, backoff, wait -> {}, random, metrics);
        return new RolloutWorker(
                properties,
                factory,
                loader,
                scheduler,
                WorkerThreads.forGroups(CAPACITY),
                retry,
                new ScorerClients(factory, retry, wait -> {}, System::nanoTime, random, metrics, CAPACITY),
                new Backoff(Duration.ofSeconds(1), LONGEST_RECONNECT),
                random,
                metrics);
    }
}
