package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.flowguard.models.RgbImage;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.DType;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ImageFormat;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberScore;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.RewardEndpoint;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import io.grpc.Metadata;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScorerClientTest {

    private final InProcessChannels channels = new InProcessChannels();
    private final FakeScorer scorer = new FakeScorer();
    private final String target = channels.serve(scorer);
    private final List<Duration> waits = new ArrayList<>();
    private final ScorerClient client = client(Groups.reward(target));
    private final Lease lease = Groups.lease(1).build();

    @AfterEach
    void close() {
        channels.close();
    }

    @Test
    void reportsEveryMembersScoreWithItsSource() throws InterruptedException {
        List<MemberScore> scores = scores(client);

        assertThat(scores).extracting(MemberScore::getValue).containsExactly(.5, 1.5);
        assertThat(scores.get(0).getEndpoint()).isEqualTo("ocr");
        assertThat(scores.get(0).getScorerId()).isEqualTo("ocr");
        assertThat(scores.get(0).getScorerVersion()).isEqualTo("1");
        assertThat(scores.get(0).getNotesMap()).containsEntry("recognized", "WORD");
    }

    @Test
    void sendsExactlyWhatIsWanted() throws InterruptedException {
        assertThat(scores(client)).hasSize(2);

        assertThat(scorer.calls.get(0).get(1))
                .isEqualTo(ScoreRequest.newBuilder()
                        .setItemId(1)
                        .setScorerId("ocr")
                        .setImage(Groups.image(1).png())
                        .build());
    }

    @Test
    void sendsAllThatIsWanted() throws InterruptedException {
        scorer.describedAs(ScorerDescription.newBuilder()
                .addInputs(ScorerInput.SCORER_INPUT_PROMPT)
                .addInputs(ScorerInput.SCORER_INPUT_METADATA)
                .addInputs(ScorerInput.SCORER_INPUT_LATENTS)
                .setArity(Arity.ARITY_GROUPWISE));
        Struct metadata = Struct.newBuilder()
                .putFields("tag", Value.newBuilder().setStringValue("counting").build())
                .build();
        Lease.Builder rich = Groups.lease(1);
        rich.getMembersBuilder(0).setMetadata(metadata);

        assertThat(client.score(rich.build(), Groups.sampled()).byMember()).hasSize(2);

        ScoreRequest first = scorer.calls.get(0).get(0);
        assertThat(first.getPrompt()).isEqualTo("CAT");
        assertThat(first.getMetadata()).isEqualTo(metadata);
        assertThat(first.getLatents().getShapeList()).containsExactly(1L, 2L, 2L);
        assertThat(first.getLatents().getDtype()).isEqualTo(DType.DTYPE_FLOAT32);
        assertThat(first.getLatents().getData()).isEqualTo(Groups.row(6));
        assertThat(first.hasImage()).isFalse();
        assertThat(first.getGroupId()).isEqualTo(101);
        assertThat(first.getGroupSize()).isEqualTo(2);
        assertThat(scorer.calls.get(0).get(1).hasMetadata()).isFalse();
    }

    @Test
    void acceptsAnswersInAnyOrder() throws InterruptedException {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.score(1, .25));
            out.onNext(FakeScorer.score(0, .75));
            out.onCompleted();
        });

        assertScores(.75, .25);
    }

    @Test
    void asksAgainOnlyForTheMembersWithoutAScore() throws InterruptedException {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.score(0, .75));
            out.onNext(FakeScorer.failure(1, FailureKind.FAILURE_KIND_INTERNAL, "tesseract fell over"));
            out.onCompleted();
        });

        assertScores(.75, 1.5);
        assertThat(scorer.calls.get(1)).extracting(ScoreRequest::getItemId).containsExactly(1L);
    }

    @Test
    void asksAGroupwiseScorerForTheWholeGroupAgain() throws InterruptedException {
        scorer.describedAs(ScorerDescription.newBuilder().setArity(Arity.ARITY_GROUPWISE))
                .then((items, out) -> {
                    out.onNext(FakeScorer.score(0, .75));
                    out.onCompleted();
                });

        assertScores(.5, 1.5);
        assertThat(scorer.calls.get(1)).hasSize(2);
    }

    @Test
    void keepsTheScoresOfABrokenCallAndFollowsTheServersHint() throws InterruptedException {
        scorer.then((items, out) -> {
            Metadata trailers = new Metadata();
            trailers.put(Retry.RETRY_DELAY, "1200");
            out.onNext(FakeScorer.score(0, .75));
            out.onError(Status.RESOURCE_EXHAUSTED.asRuntimeException(trailers));
        });

        assertScores(.75, 1.5);
        assertThat(waits).containsExactly(Duration.ofMillis(1200));
    }

    @Test
    void describesOnceAConnection() throws InterruptedException {
        assertScores(.5, 1.5);
        assertScores(.5, 1.5);
        assertThat(scorer.described).hasValue(1);

        scorer.then((items, out) -> out.onError(Status.UNAVAILABLE.asRuntimeException()));
        assertScores(.5, 1.5);
        assertThat(scorer.described).hasValue(2);
    }

    @Test
    void namesTheMemberThatCannotBeScored() {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.score(0, .75));
            out.onNext(FakeScorer.failure(1, FailureKind.FAILURE_KIND_INVALID_ITEM, "no target in the prompt"));
            out.onCompleted();
        });

        assertFails(client, "member 1: no target in the prompt", false);
        assertThat(scorer.calls).hasSize(1);
    }

    @Test
    void refusesASecondAnswerToAnItem() {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.score(0, .75));
            out.onNext(FakeScorer.score(0, .25));
            out.onCompleted();
        });

        assertFails(client, "answered member 0 twice", false);
    }

    @Test
    void refusesAnAnswerToAnotherItem() {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.score(1L << 40, .75));
            out.onCompleted();
        });

        assertFails(client, "answered item 1099511627776, which it was not asked", false);
    }

    @Test
    void refusesAScoreThatIsNoNumber() {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.score(0, Double.NaN));
            out.onCompleted();
        });

        assertFails(client, "scored member 0 with NaN", false);
    }

    @Test
    void aScoreThatNeverComesIsAFailureAndNotAZero() {
        for (int i = 0; i < 3; i++) {
            scorer.then((items, out) -> {
                if (items.size() == Groups.MEMBERS) {
                    out.onNext(FakeScorer.score(0, .75));
                }
                out.onCompleted();
            });
        }

        assertFails(client, "no answer for members [1]", false);
    }

    @Test
    void givesUpAtTheDeadline() {
        scorer.then((items, out) -> {});
        ScorerClient hurried = client(Groups.reward(target)
                .setDeadline(com.google.protobuf.Duration.newBuilder().setNanos(200_000_000)));

        assertFails(hurried, "DEADLINE_EXCEEDED", true);
    }

    @Test
    void aScorerOutOfReachIsNotTheGroupsFault() {
        assertFails(client(Groups.reward("in-process:nobody")), "UNAVAILABLE", true);
    }

    @Test
    void refusesAnotherScorerBehindTheAddress() throws InterruptedException {
        ScorerClient wrong = client(Groups.reward(target).setScorerId("pickscore"));

        assertFails(wrong, "there is no scorer 'pickscore' behind this address", true);
        assertThat(wrong.objection()).hasValueSatisfying(objection -> assertThat(objection)
                .startsWith("reward 'ocr' at in-process:")
                .endsWith("there is no scorer 'pickscore' behind this address"));
    }

    @Test
    void refusesAnotherVersionAndOtherWeights() throws InterruptedException {
        ScorerClient wantsVersion = client(Groups.reward(target).setVersion("2"));
        ScorerClient wantsWeights = client(Groups.reward(target).setWeightsSha256(ByteString.fromHex("ab".repeat(32))));

        assertFails(wantsVersion, "it is version '1', the recipe wants '2'", true);
        assertFails(wantsWeights, "its weights have SHA-256 (none), the recipe wants abab", true);
        assertThat(wantsVersion.objection()).isPresent();
        assertThat(wantsWeights.objection()).isPresent();
        assertThat(client.objection()).isEmpty();
        assertThat(scorer.calls).isEmpty();
    }

    @Test
    void refusesTheScoresOfAReplicaOfAnotherVersion() throws InterruptedException {
        scorer.then(FakeScorer.versions("2", "2"));
        ScorerClient pinned = client(Groups.reward(target).setVersion("1"));

        assertThat(scores(pinned)).extracting(MemberScore::getScorerVersion).containsExactly("1", "1");
        assertThat(scorer.calls).hasSize(2);
        assertThat(scorer.described).hasValue(2);
    }

    @Test
    void neverMixesVersionsInAGroup() throws InterruptedException {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.score(0, .75));
            out.onError(Status.UNAVAILABLE.asRuntimeException());
        });
        scorer.then(FakeScorer.versions("2"));

        assertThat(scores(client)).extracting(MemberScore::getValue).containsExactly(.5, 1.5);
        assertThat(scorer.calls.get(1)).hasSize(1);
        assertThat(scorer.calls.get(2)).hasSize(2);
    }

    @Test
    void saysThatReplicasDifferWhereTheyAlwaysDo() {
        for (int i = 0; i < 3; i++) {
            scorer.then(FakeScorer.versions("1", "2"));
        }

        assertFails(client, "replicas of version '1' and '2' answer behind this address", false);
    }

    // -------------------------------------------------------------------------------------- scores that may be missing

    @Test
    void keepsTheOtherMembersScoresWhereOneMayBeMissing() throws InterruptedException {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.failure(0, FailureKind.FAILURE_KIND_INVALID_ITEM, "no target in the prompt"));
            out.onNext(FakeScorer.score(1, .25));
            out.onCompleted();
        });

        EndpointScores scores = optional(target).score(lease, Groups.sampled());

        assertThat(scores.byMember().keySet()).containsExactly(1);
        assertThat(scores.missing()).hasValueSatisfying(missing -> {
            assertThat(missing.getEndpoint()).isEqualTo("ocr");
            assertThat(missing.getMembers()).isEqualTo(1);
            assertThat(missing.getReason()).isEqualTo("member 0: no target in the prompt");
        });
    }

    @Test
    void anEndpointThatMayBeMissingFailsFastOnceItIsKnownToBeAway() throws InterruptedException {
        ScorerClient away = optional("in-process:nobody");

        EndpointScores first = away.score(lease, Groups.sampled());
        int waited = waits.size();
        EndpointScores second = away.score(lease, Groups.sampled());

        assertThat(first.byMember()).isEmpty();
        assertThat(first.shortfall()).contains("UNAVAILABLE");
        assertThat(second.shortfall()).contains("left alone, for it did not answer");
        assertThat(waits).hasSize(waited);
    }

    @Test
    void believesNothingOfAnEndpointThatBreaksTheContract() throws InterruptedException {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.score(0, .75));
            out.onNext(FakeScorer.score(0, .25));
            out.onCompleted();
        });

        assertThat(optional(target).score(lease, Groups.sampled()).byMember()).isEmpty();
    }

    @Test
    void keepsWhatCameBeforeTheDeadline() throws InterruptedException {
        scorer.then((items, out) -> {
            out.onNext(FakeScorer.score(0, .75));
            out.onError(Status.DEADLINE_EXCEEDED.asRuntimeException());
        });

        EndpointScores scores = optional(target).score(lease, Groups.sampled());

        assertThat(scores.byMember().keySet()).containsExactly(0);
        assertThat(scores.shortfall()).contains("DEADLINE_EXCEEDED");
        assertThat(scorer.calls).hasSize(1);
    }

    @Test
    void refusesAnImageThatIsTooLargeBeforeSendingIt() {
        scorer.describedAs(ScorerDescription.newBuilder()
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .setMaxImageBytes(4));

        int bytes = Groups.image(0).png().getData().size();
        assertFails(client, "member 0: the image has " + bytes + " bytes, the scorer takes at most 4", false);
    }

    @Test
    void sendsPixelsToWhomeverTakesThem() throws InterruptedException {
        scorer.describedAs(ScorerDescription.newBuilder()
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .addImageFormats(ImageFormat.IMAGE_FORMAT_RGB8));

        client.score(lease, Groups.sampled());

        assertThat(scorer.calls.get(0))
                .extracting(ScoreRequest::getImage)
                .containsExactly(Groups.image(0).rgb8(), Groups.image(1).rgb8());
    }

    @Test
    void sendsAFileWherePixelsAreTooMany() throws InterruptedException {
        int pixels = 10_000;
        DrawnImage plain = new DrawnImage(new RgbImage(pixels, 1, new byte[3 * pixels]));
        scorer.describedAs(ScorerDescription.newBuilder()
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .addImageFormats(ImageFormat.IMAGE_FORMAT_RGB8)
                .setMaxImageBytes(3 * pixels - 1));

        client.score(lease, Groups.sampled(List.of(plain, plain)));

        assertThat(scorer.calls.get(0)).extracting(ScoreRequest::getImage).containsOnly(plain.png());
    }

    @Test
    void doesNotAskWithoutWhatTheScorerWants() {
        scorer.describedAs(ScorerDescription.newBuilder().addInputs(ScorerInput.SCORER_INPUT_TRAJECTORY));

        assertFails(client, "wants SCORER_INPUT_TRAJECTORY, which this worker does not send", false);
    }

    @Test
    void trainingGroupsAreScoredWhereSaidSoAndEvaluationsEverywhere() {
        ScorerClient gold = client(Groups.reward(target).setTrain(false));
        Lease evaluation =
                Groups.lease(1).setPurpose(Purpose.PURPOSE_EVALUATION).build();

        assertThat(client.scores(lease)).isTrue();
        assertThat(gold.scores(lease)).isFalse();
        assertThat(gold.scores(evaluation)).isTrue();
    }

    private void assertScores(Double... expected) throws InterruptedException {
        assertThat(scores(client)).extracting(MemberScore::getValue).containsExactly(expected);
    }

    private List<MemberScore> scores(ScorerClient asked) throws InterruptedException {
        Map<Integer, MemberScore> scores = asked.score(lease, Groups.sampled()).byMember();
        assertThat(scores).hasSize(Groups.MEMBERS);
        return IntStream.range(0, Groups.MEMBERS).mapToObj(scores::get).toList();
    }

    private ScorerClient optional(String address) {
        return client(Groups.reward(address).setMayBeMissing(true));
    }

    private void assertFails(ScorerClient failing, String reason, boolean notTheGroupsFault) {
        assertThatThrownBy(() -> failing.score(lease, Groups.sampled()))
                .isInstanceOfSatisfying(LeaseFailedException.class, failure -> assertThat(failure.isNotTheGroupsFault())
                        .isEqualTo(notTheGroupsFault))
                .hasMessageStartingWith("reward 'ocr' at in-process:")
                .hasMessageContaining(reason);
    }

    private ScorerClient client(RewardEndpoint.Builder endpoint) {
        RolloutMetrics metrics = new RolloutMetrics(new SimpleMeterRegistry());
        Random random = new Random(1);
        Retry retry =
                new Retry(3, new Backoff(Duration.ofMillis(1), Duration.ofMillis(1)), waits::add, random, metrics);
        // Time stands still: who is left alone stays so.
        return new ScorerClients(new ChannelFactory(channels), retry, waits::add, () -> 0, random, metrics, 2)
                .of(endpoint.build());
    }
}
