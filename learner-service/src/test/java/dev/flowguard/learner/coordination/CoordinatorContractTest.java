package dev.flowguard.learner.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.learner.prompts.Prompt;
import dev.flowguard.learner.prompts.Prompts;
import dev.flowguard.proto.v1.CoordinatorMessage;
import dev.flowguard.proto.v1.DType;
import dev.flowguard.proto.v1.GroupHeader;
import dev.flowguard.proto.v1.GroupPart;
import dev.flowguard.proto.v1.GroupReceipt;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.PolicyBound;
import dev.flowguard.proto.v1.PolicyChunk;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.Receipt;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.Sampling;
import dev.flowguard.proto.v1.Table;
import dev.flowguard.proto.v1.TensorDigest;
import dev.flowguard.proto.v1.WorkerMessage;
import dev.flowguard.tensor.InputException;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The coordinator through its real wire, with workers by hand and a clock by hand; every call runs on the test's thread. */
class CoordinatorContractTest {
    private static final Duration LEASE_TIME = Duration.ofSeconds(60);
    private static final int GROUPS = 3;
    private static final int MAX_TRIES = 3;

    private final Path directory;
    private final FakeClock clock = new FakeClock();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private Ledger ledger;
    private Coordinator coordinator;
    private Server server;
    private ManagedChannel channel;

    CoordinatorContractTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @BeforeEach
    void open() throws IOException {
        String name = InProcessServerBuilder.generateName();
        CoordinatorService service = new CoordinatorService();
        server = InProcessServerBuilder.forName(name)
                .directExecutor()
                .addService(service)
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        ledger = Ledger.open(directory.resolve("ledger.jsonl"), 0);
        coordinator = coordinator(0);
        service.open(coordinator);
    }

    private Coordinator coordinator(int maxStaleness) {
        return coordinator(maxStaleness, GroupPlanTest.prompts(List.of("a", "b", "c", "d")));
    }

    private Coordinator coordinator(int maxStaleness, Prompts prompts) {
        GroupPlan plan = new GroupPlan(new GroupPlan.Settings(
                7,
                GROUPS,
                prompts,
                GroupPlanTest.prompts(List.of("x", "y", "z")),
                11,
                2,
                1,
                1,
                (i, g) -> GroupLayout.ofChains(2, List.of(0, 2))));
        RunSettings settings = RunSettings.newBuilder()
                .setRunId("test")
                .setSampling(Sampling.newBuilder().setSigmasSha256(ByteString.copyFromUtf8("train")))
                .setEvaluation(Sampling.newBuilder().setSigmasSha256(ByteString.copyFromUtf8("evaluation")))
                .addRewards(RewardEndpoint.newBuilder().setName("ocr").setTrain(true))
                .addRewards(RewardEndpoint.newBuilder().setName("gold"))
                .addRewards(RewardEndpoint.newBuilder()
                        .setName("pick")
                        .setTrain(true)
                        .setMayBeMissing(true))
                .build();
        return new Coordinator(
                new Coordinator.Run(settings, plan, 10, 0, maxStaleness, FakeWorker.Settings.LATENT_SHAPE),
                new Coordinator.Limits(
                        LEASE_TIME,
                        Duration.ofMinutes(10),
                        Duration.ofSeconds(10),
                        MAX_TRIES,
                        100,
                        Duration.ofMillis(1),
                        Duration.ofMillis(5)),
                ledger,
                clock,
                registry);
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        server.shutdownNow();
        ledger.close();
    }

    private static PolicyVersion policy(long version) {
        return PolicyVersion.of(
                version,
                ("weights of version " + version).repeat(100_000).getBytes(StandardCharsets.UTF_8),
                List.of(digest("layer.lora_A", version), digest("layer.lora_B", version)),
                1);
    }

    private static TensorDigest digest(String name, long version) {
        return TensorDigest.newBuilder()
                .setName(name)
                .setDtype(DType.DTYPE_FLOAT32)
                .addShape(4)
                .setSha256(ByteString.copyFromUtf8(name + version))
                .build();
    }

    private FakeWorker worker(String id) {
        return new FakeWorker(channel, id);
    }

    private double counted(String outcome) {
        return registry.counter("flowguard.learner.groups", "outcome", outcome).count();
    }

    @Test
    void nobodyGetsALeaseBeforeItHasProvedToHoldThePolicyAndNeverMoreThanItAskedFor() {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().credits(2);

        assertThat(worker.leases()).isEmpty();
        worker.bind();
        assertThat(worker.leases()).hasSize(2).allSatisfy(lease -> {
            assertThat(lease.getPolicyVersion()).isZero();
            assertThat(lease.getMembersCount()).isEqualTo(2);
            assertThat(lease.getStochasticStepsList()).containsExactly(0, 2);
        });
        worker.credits(5);
        assertThat(worker.leases()).hasSize(GROUPS);
    }

    @Test
    void aWorkerThatBoundOtherValuesIsTurnedAwayAndToldWhichModule() {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().credits(1);
        worker.send(WorkerMessage.newBuilder()
                .setPolicyBound(PolicyBound.newBuilder()
                        .setModulesBound(1)
                        .addTensors(digest("layer.lora_A", 0))
                        .addTensors(digest("layer.lora_B", 99))));

        assertThat(worker.leases()).isEmpty();
        assertThat(worker.end().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(worker.end().getDescription()).contains("layer.lora_B").contains("version 0");
    }

    @Test
    void aWorkerThatBoundTooFewModulesIsTurnedAway() {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().credits(1);
        worker.send(WorkerMessage.newBuilder()
                .setPolicyBound(PolicyBound.newBuilder()
                        .setModulesBound(0)
                        .addAllTensors(policy(0).tensors())));

        assertThat(worker.end().getDescription()).contains("bound 0 of 1 modules");
    }

    @Test
    void thePayloadComesInChunksAndWholeAndUnknownVersionsAreNotFound() {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello();

        List<PolicyChunk> chunks = worker.fetch(0);
        assertThat(chunks).hasSizeGreaterThan(1);
        assertThat(chunks.stream().map(PolicyChunk::getData).reduce(ByteString.EMPTY, ByteString::concat))
                .isEqualTo(policy(0).payload());
        assertThatThrownBy(() -> worker.fetch(5)).hasMessageContaining("NOT_FOUND");
    }

    @Test
    void aGroupCountsOnceHoweverOftenItComes() throws Exception {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(GROUPS);
        Lease lease = worker.leases().get(0);

        assertThat(worker.submit(lease).getReceipt()).isEqualTo(Receipt.RECEIPT_COMMITTED);
        assertThat(worker.submit(lease).getReceipt()).isEqualTo(Receipt.RECEIPT_DUPLICATE);
        assertThat(Files.readAllLines(directory.resolve("ledger.jsonl")))
                .singleElement()
                .asString()
                .contains("\"group\":0")
                .contains("\"worker\":\"w\"")
                .contains("\"ocr\":\"ocr 1\"")
                .contains("\"initial_noise_seed\"");
        assertThat(counted("committed")).isEqualTo(1);
        assertThat(counted("duplicate")).isEqualTo(1);
    }

    @Test
    void theIterationComesOutInTheOrderOfGroupIdsWhateverTheArrival() throws Exception {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(GROUPS);
        List<Lease> backwards = new ArrayList<>(worker.leases());
        Collections.reverse(backwards);
        backwards.forEach(worker::submit);

        Batch batch = coordinator.awaitIteration(0);
        assertThat(batch.groups()).extracting(group -> group.spec().groupId()).containsExactly(0L, 1L, 2L);
        assertThat(batch.dropped()).isEmpty();
        ScoredGroup first = batch.groups().get(0);
        assertThat(first.latents()).hasSize(6).allSatisfy(row -> assertThat(row).hasSize(6));
        assertThat(first.members().get(1).transitions().get(1).to()).isEqualTo(5);
        assertThat(first.members().get(1).scores())
                .hasEntrySatisfying("ocr", score -> assertThat(score.value()).isEqualTo(.1));
    }

    @Test
    void aLostWorkersGroupGoesToAnotherOneWithTheSameSeeds() {
        coordinator.publish(policy(0));
        FakeWorker first = worker("first").hello().bind().credits(1);
        Lease lost = first.lastLease();
        first.crash();

        FakeWorker second = worker("second").hello().bind().credits(1);
        assertThat(second.lastLease().getGroupId()).isEqualTo(lost.getGroupId());
        assertThat(second.lastLease().getMembersList()).isEqualTo(lost.getMembersList());
        assertThat(second.lastLease().getLeaseId()).isNotEqualTo(lost.getLeaseId());
    }

    @Test
    void anExpiredLeaseGoesOnAndTheLateResultStillCountsOnce() {
        coordinator.publish(policy(0));
        FakeWorker slow = worker("slow").hello().bind().credits(1);
        FakeWorker other = worker("other").hello().bind();
        Lease lease = slow.lastLease();
        clock.advance(LEASE_TIME.minusSeconds(1));
        slow.heartbeat();
        other.heartbeat();
        clock.advance(Duration.ofSeconds(2));
        coordinator.expire();
        assertThat(slow.revoked()).containsExactly(lease.getLeaseId());

        other.credits(1);
        Lease again = other.lastLease();
        assertThat(again.getGroupId()).isEqualTo(lease.getGroupId());
        assertThat(slow.submit(lease).getReceipt()).isEqualTo(Receipt.RECEIPT_COMMITTED);
        assertThat(other.revoked()).containsExactly(again.getLeaseId());
        assertThat(other.submit(again).getReceipt()).isEqualTo(Receipt.RECEIPT_DUPLICATE);
    }

    @Test
    void aHeartbeatKeepsALeaseButNotForEver() {
        coordinator.publish(policy(0));
        FakeWorker hung = worker("hung").hello().bind().credits(1);
        Lease lease = hung.lastLease();
        for (int minute = 0; minute < 10; minute++) {
            assertThat(hung.revoked()).isEmpty();
            clock.advance(Duration.ofSeconds(59));
            hung.heartbeat(lease);
            coordinator.expire();
        }
        clock.advance(Duration.ofSeconds(11));
        hung.heartbeat(lease);
        coordinator.expire();
        assertThat(hung.revoked()).containsExactly(lease.getLeaseId());
    }

    @Test
    void aSilentWorkerIsSentAwayToComeBack() {
        coordinator.publish(policy(0));
        FakeWorker silent = worker("silent").hello().bind().credits(1);
        clock.advance(LEASE_TIME.plusSeconds(1));
        coordinator.expire();

        assertThat(silent.end().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(coordinator.situation()).containsEntry("leases", 0).containsEntry("running", GROUPS);
    }

    @Test
    void aGroupThatFailsTooOftenIsDroppedCountedAndNamed() throws Exception {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(1);
        for (int attempt = 0; attempt < MAX_TRIES; attempt++) {
            assertThat(worker.lastLease().getGroupId()).isZero();
            worker.giveBack(worker.lastLease(), false);
            worker.credits(1);
        }
        worker.credits(1);
        worker.leases().stream().filter(lease -> lease.getGroupId() > 0).forEach(worker::submit);

        Batch batch = coordinator.awaitIteration(0);
        assertThat(batch.groups()).extracting(group -> group.spec().groupId()).containsExactly(1L, 2L);
        assertThat(batch.dropped())
                .singleElement()
                .asString()
                .contains("group 0")
                .contains("the test says so");
        assertThat(batch.dropped().get(0).reward()).isEmpty();
        assertThat(counted("dropped")).isEqualTo(1);
    }

    @Test
    void aTryThatWasNotTheGroupsFaultDoesNotCount() {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(1);
        for (int attempt = 0; attempt < 3 * MAX_TRIES; attempt++) {
            worker.giveBack(worker.lastLease(), true);
            worker.credits(1);
        }
        assertThat(worker.lastLease().getGroupId()).isZero();
        assertThat(counted("dropped")).isZero();
    }

    // ------------------------------------------------------------------------------------------------- the scores

    @Test
    void aScorerThatIsAwayForAllIsNoGroupsFaultButTheRunDoesNotWaitForEver() {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(1);
        for (int attempt = 0; attempt < 3 * MAX_TRIES; attempt++) {
            worker.giveBackWithout("ocr", worker.lastLease(), true);
            worker.credits(1);
        }
        assertThat(counted("dropped")).isZero();
        assertThat(registry.counter("flowguard.learner.groups.without.score", "reward", "ocr")
                        .count())
                .isEqualTo(3 * MAX_TRIES);

        clock.advance(Duration.ofSeconds(1));
        coordinator.expire();
        assertThatThrownBy(() -> coordinator.awaitIteration(0))
                .isInstanceOf(RunAbortedException.class)
                .hasMessageContaining("no group could be scored")
                .hasMessageContaining("reward 'ocr' is away")
                .hasMessageContaining("--resume");
    }

    @Test
    void aGroupThatAScorerCannotScoreIsDroppedCountedAndItsRewardNamed() throws Exception {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(1);
        for (int attempt = 0; attempt < MAX_TRIES; attempt++) {
            assertThat(worker.lastLease().getGroupId()).isZero();
            worker.giveBackWithout("ocr", worker.lastLease(), false);
            worker.credits(1);
        }
        worker.credits(1);
        worker.leases().stream().filter(lease -> lease.getGroupId() > 0).forEach(worker::submit);

        Batch batch = coordinator.awaitIteration(0);
        assertThat(batch.groups()).hasSize(GROUPS - 1);
        assertThat(batch.dropped()).singleElement().satisfies(dropped -> {
            assertThat(dropped.reward()).isEqualTo("ocr");
            assertThat(dropped.what())
                    .startsWith("group 0 of iteration 0: dropped after 3 tries")
                    .contains("reward 'ocr' is away");
        });
    }

    @Test
    void aTryCountsWhereOthersReachTheScorerMeanwhile() throws Exception {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(2);
        clock.advance(Duration.ofSeconds(1));
        worker.submit(worker.leases().get(1));
        worker.giveBackWithout("ocr", worker.leases().get(0), true);
        for (int attempt = 1; attempt < MAX_TRIES; attempt++) {
            worker.credits(1);
            assertThat(worker.lastLease().getGroupId()).isZero();
            worker.giveBackWithout("ocr", worker.lastLease(), false);
        }
        worker.credits(1);
        worker.submit(worker.lastLease());

        assertThat(coordinator.awaitIteration(0).dropped())
                .singleElement()
                .asString()
                .contains("dropped after 3 tries");
    }

    @Test
    void aWrongScorerEndsTheRunBeforeAnythingIsScoredAndNotLater() throws Exception {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(GROUPS);
        worker.submit(worker.leases().get(0));
        worker.refuse("ocr", "reward 'ocr' at x: it is version '1', the recipe wants '2'");
        worker.leases().subList(1, GROUPS).forEach(worker::submit);
        assertThat(coordinator.awaitIteration(0).groups()).hasSize(GROUPS);

        close();
        Files.delete(directory.resolve("ledger.jsonl"));
        open();
        coordinator.publish(policy(0));
        worker("w").hello().refuse("ocr", "reward 'ocr' at x: it is version '1', the recipe wants '2'");
        assertThatThrownBy(() -> coordinator.awaitIteration(0))
                .isInstanceOf(InputException.class)
                .hasMessage("reward 'ocr' at x: it is version '1', the recipe wants '2'");
    }

    @Test
    void anOptionalScoreMayBeMissingAndIsCountedAndWrittenDown() throws Exception {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(GROUPS);
        List<GroupPart> parts = worker.sampled(worker.leases().get(0));
        GroupHeader.Builder header = parts.get(0).getHeader().toBuilder();
        header.getMembersBuilder(0).addScores(score("pick", "1"));
        header.addMissing(missing("pick", 1));
        parts.set(0, GroupPart.newBuilder().setHeader(header).build());

        assertThat(worker.submit(parts).getReceipt()).isEqualTo(Receipt.RECEIPT_COMMITTED);
        worker.leases().subList(1, GROUPS).forEach(worker::submit);

        ScoredGroup group = coordinator.awaitIteration(0).groups().get(0);
        assertThat(group.members().get(0).scores()).containsKey("pick");
        assertThat(group.members().get(1).scores()).doesNotContainKey("pick");
        assertThat(group.missing()).containsExactly(new MissingScores("pick", 1, "away", false));
        assertThat(registry.counter("flowguard.learner.scores.missing", "reward", "pick")
                        .count())
                .isEqualTo(1);
        assertThat(Files.readAllLines(directory.resolve("ledger.jsonl")).get(0))
                .contains("\"missing\":[{\"reward\":\"pick\",\"members\":1,\"reason\":\"away\",\"shadow\":false}]");
    }

    @Test
    void scoresThatLieAreRefused() {
        assertHeaderRefused(
                header -> {
                    header.getMembersBuilder(0).addScores(score("pick", "1"));
                    header.getMembersBuilder(1).addScores(score("pick", "2"));
                },
                "a score 'pick' by version 2, another member by version 1");
        assertHeaderRefused(header -> header.getMembersBuilder(0).addShadowScores(score("ocr", "1")), "unknown");
        assertHeaderRefused(header -> header.addMissing(missing("who", 1)), "unknown reward 'who'");
        assertHeaderRefused(header -> header.addMissing(missing("pick", 3)), "impossible number");
    }

    @Test
    void anIterationIsScoredByOneListOfEndpointsHoweverOftenItsGroupsAreLeased() throws Exception {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(1);
        List<RewardEndpoint> before = worker.lastLease().getRewardsList();
        List<RewardEndpoint> after = List.of(
                RewardEndpoint.newBuilder()
                        .setName("ocr")
                        .setTarget("new")
                        .setTrain(true)
                        .build(),
                RewardEndpoint.newBuilder()
                        .setName("ocr")
                        .setTarget("newer")
                        .setShadow(true)
                        .build());

        coordinator.scoreBy(after);
        worker.giveBack(worker.lastLease(), false);
        worker.credits(GROUPS);
        assertThat(worker.leases())
                .allSatisfy(lease -> assertThat(lease.getRewardsList()).isEqualTo(before));
        worker.leases().subList(1, GROUPS + 1).forEach(worker::submit);
        coordinator.awaitIteration(0);
        coordinator.publish(policy(1));
        worker.bind().credits(1);

        assertThat(worker.lastLease().getRewardsList()).isEqualTo(after);
        assertThat(worker("late").hello().settings().getRewardsList()).isEqualTo(after);
        List<GroupPart> parts = worker.sampled(worker.lastLease());
        GroupHeader.Builder header = parts.get(0).getHeader().toBuilder();
        header.getMembersBuilder(0).addShadowScores(score("ocr", "2"));
        parts.set(0, GroupPart.newBuilder().setHeader(header).build());
        assertThat(worker.submit(parts).getReceipt()).isEqualTo(Receipt.RECEIPT_COMMITTED);
        assertThat(Files.readAllLines(directory.resolve("ledger.jsonl")).get(GROUPS))
                .contains("\"shadow_scores\":{\"ocr\":0.5}")
                .contains("\"shadow_scorers\":{\"ocr\":\"ocr 2\"}");
    }

    private static MemberScore score(String endpoint, String version) {
        return MemberScore.newBuilder()
                .setEndpoint(endpoint)
                .setScorerId(endpoint)
                .setScorerVersion(version)
                .setValue(.5)
                .build();
    }

    private static dev.flowguard.proto.v1.MissingScores missing(String endpoint, int members) {
        return dev.flowguard.proto.v1.MissingScores.newBuilder()
                .setEndpoint(endpoint)
                .setMembers(members)
                .setReason("away")
                .build();
    }

    @Test
    void badGroupsAreRefusedWithTheReasonAndComeBackToTheQueue() {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(1);

        assertRefused(worker, parts -> parts.set(1, FakeWorker.rows(Table.TABLE_LATENTS, 0, Float.NaN)), "NaN");
        assertRefused(worker, parts -> parts.remove(3), "row 2");
    }

    @Test
    void headersThatLieAreRefusedBeforeAnythingIsAllocated() {
        assertHeaderRefused(header -> header.setLatentRows(-1), "4294967295 rows of latents");
        assertHeaderRefused(header -> header.setMeanRows(1000), "1000 rows of means");
        assertHeaderRefused(header -> header.setLatentShape(0, 1L << 40), "latent_shape");
        assertHeaderRefused(header -> header.removeMembers(0), "1 members");
        assertHeaderRefused(header -> header.getMembersBuilder(0).setMemberIndex(1), "member_index 1");
        assertHeaderRefused(header -> header.getMembersBuilder(1).clearScores(), "no score 'ocr'");
        assertHeaderRefused(
                header -> header.getMembersBuilder(1).getScoresBuilder(0).setValue(Double.NaN), "NaN");
        assertHeaderRefused(
                header -> header.getMembersBuilder(1).getScoresBuilder(0).setEndpoint("who"), "'who'");
        assertHeaderRefused(
                header -> header.getMembersBuilder(0).getTransitionsBuilder(0).setToLatent(77), "row 77");
        assertHeaderRefused(
                header -> header.getMembersBuilder(0).getTransitionsBuilder(0).setStep(1), "steps [1, 2]");
        assertHeaderRefused(header -> header.setAdapterSha256(ByteString.EMPTY), "adapter_sha256");
        assertHeaderRefused(header -> header.setSigmasSha256(ByteString.EMPTY), "sigmas_sha256");
    }

    private void assertHeaderRefused(Consumer<GroupHeader.Builder> lie, String why) {
        coordinator.end("next");
        try {
            close();
            open();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        coordinator.publish(policy(0));
        assertRefused(
                worker("w").hello().bind().credits(1),
                parts -> {
                    GroupHeader.Builder header = parts.get(0).getHeader().toBuilder();
                    lie.accept(header);
                    parts.set(0, GroupPart.newBuilder().setHeader(header).build());
                },
                why);
    }

    private void assertRefused(FakeWorker worker, Consumer<List<GroupPart>> lie, String why) {
        Lease lease = worker.lastLease();
        List<GroupPart> parts = worker.sampled(lease);
        lie.accept(parts);
        GroupReceipt receipt = worker.submit(parts);
        assertThat(receipt.getReceipt()).isEqualTo(Receipt.RECEIPT_REFUSED);
        assertThat(receipt.getMessage()).contains(why);
        worker.credits(1);
        assertThat(worker.lastLease().getGroupId()).isEqualTo(lease.getGroupId());
        assertThat(worker.lastLease().getLeaseId()).isNotEqualTo(lease.getLeaseId());
    }

    @Test
    void aGroupOfAnOldVersionIsStaleAndSampledAgain() throws Exception {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(GROUPS);
        worker.leases().forEach(worker::submit);
        coordinator.awaitIteration(0);
        coordinator.publish(policy(1));
        worker.bind().credits(1);

        Lease lease = worker.lastLease();
        assertThat(lease.getPolicyVersion()).isEqualTo(1);
        assertThat(lease.getIteration()).isEqualTo(1);
        List<GroupPart> parts = worker.sampled(lease);
        parts.set(
                0,
                GroupPart.newBuilder()
                        .setHeader(parts.get(0).getHeader().toBuilder().setPolicyVersion(0))
                        .build());
        assertThat(worker.submit(parts).getReceipt()).isEqualTo(Receipt.RECEIPT_STALE);
        worker.credits(1);
        assertThat(worker.lastLease().getGroupId()).isEqualTo(lease.getGroupId());
    }

    @Test
    void noGroupOfTheNextIterationStartsBeforeItsPolicyIsThere() {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(10);
        worker.leases().forEach(worker::submit);
        assertThat(worker.leases()).hasSize(GROUPS);

        coordinator.publish(policy(1));
        assertThat(worker.leases()).hasSize(GROUPS);
        worker.bind();
        assertThat(worker.leases()).hasSize(2 * GROUPS);
    }

    @Test
    void evaluationsGoFirstAndHoldEveryHeldOutPromptOnce() throws Exception {
        coordinator.publish(policy(0));
        coordinator.beginEvaluation(0);
        FakeWorker worker = worker("w").hello().bind().credits(2);
        assertThat(worker.leases())
                .extracting(Lease::getPurpose)
                .containsExactly(Purpose.PURPOSE_EVALUATION, Purpose.PURPOSE_EVALUATION);
        worker.leases().forEach(worker::submit);

        Batch batch = coordinator.awaitEvaluation(0);
        assertThat(batch.groups())
                .allSatisfy(group -> assertThat(group.latents()).isEmpty());
        assertThat(batch.groups())
                .flatExtracting(ScoredGroup::members)
                .extracting(member -> member.seeds().prompt().text())
                .containsExactly("x", "y", "z");
        assertThat(batch.groups().get(0).members().get(0).png()).isNotNull();
        assertThat(batch.groups().get(1).members().get(0).png()).isNull();
    }

    @Test
    void withoutAnyWorkerTheRunEndsWithAdvice() {
        coordinator.publish(policy(0));

        assertThatThrownBy(() -> coordinator.awaitIteration(0))
                .isInstanceOf(RunAbortedException.class)
                .hasMessageContaining("no rollout worker has been connected")
                .hasMessageContaining("flowguard serve rollout");
    }

    @Test
    void aPromptThatCannotBeReadAnyMoreEndsTheRun() {
        Coordinator run = coordinator(0, new Prompts() {
            @Override
            public int size() {
                return 4;
            }

            @Override
            public Prompt get(int index) {
                throw new InputException("train.txt: has changed");
            }
        });
        run.publish(policy(0));

        assertThatThrownBy(() -> run.awaitIteration(0))
                .isInstanceOf(RunAbortedException.class)
                .hasMessage("train.txt: has changed, then go on with --resume");
    }

    @Test
    void whenTheRunEndsEveryWorkerIsToldAndNewOnesAreTurnedAway() {
        coordinator.publish(policy(0));
        FakeWorker worker = worker("w").hello().bind().credits(1);
        coordinator.end("all 10 iterations are done");

        assertThat(worker.received())
                .last()
                .extracting(CoordinatorMessage::hasRunEnded)
                .isEqualTo(true);
        assertThat(worker.end().isOk()).isTrue();
        FakeWorker late = worker("late");
        assertThat(late.end().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    }

    @Test
    void messagesBeforeHelloAndFloodsOfCreditsEndTheSession() {
        coordinator.publish(policy(0));
        FakeWorker rude = worker("rude").credits(1);
        assertThat(rude.end().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        FakeWorker greedy = worker("greedy").hello().credits(-1);
        assertThat(greedy.end().getDescription()).contains("1024");
    }
}
