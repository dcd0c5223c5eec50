package dev.flowguard.cli.rewardcheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.cli.Finding;
import dev.flowguard.cli.Finding.Verdict;
import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerGrpc;
import dev.flowguard.tensor.InputException;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class CertificationTest {

    private static final GoldenItems GOLDEN = new GoldenItems(PromptCases.of(List.of(), null), 32, 16);
    private static final Duration AMPLE = Duration.ofSeconds(30);
    /** Of endpoints that hang: every wait for them ends only then. */
    private static final Duration SHORT = Duration.ofSeconds(2);

    private static Certification certify(ServedEndpoint served, Duration limit) throws InterruptedException {
        Certification certification = new Certification(served.endpoint(), GOLDEN, null, 0, limit, finding -> {});
        certification.run(null);
        return certification;
    }

    private static List<Finding> failures(Certification certification) {
        return certification.findings().stream()
                .filter(finding -> finding.verdict() == Verdict.FAILED)
                .toList();
    }

    @Test
    void anHonestEndpointIsCertified() throws InterruptedException {
        try (ServedEndpoint served = ServedEndpoint.of(new HonestScorer())) {
            Certification certification = certify(served, AMPLE);

            assertThat(certification.findings()).hasSize(14).allMatch(finding -> finding.verdict() == Verdict.OK);
            assertThat(certification.passed()).isTrue();
        }
    }

    @Test
    void aGroupwiseScorerIsSentWholeGroups() throws InterruptedException {
        HonestScorer groupwise = new HonestScorer() {
            @Override
            ScorerDescription.Builder description() {
                return super.description().setArity(Arity.ARITY_GROUPWISE);
            }

            @Override
            void answer(ScoreRequest request, Call call) {
                if (request.getGroupId() == 0 || request.getGroupSize() == 0) {
                    throw new IllegalArgumentException("an item without a group");
                }
                super.answer(request, call);
            }
        };
        try (ServedEndpoint served = ServedEndpoint.of(groupwise)) {
            assertThat(failures(certify(served, AMPLE))).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBrokenEndpointIsFoundOut(BrokenScorers broken) throws InterruptedException {
        try (ServedEndpoint served = ServedEndpoint.of(broken.scorer())) {
            Certification certification = certify(served, SHORT);

            assertThat(certification.passed()).isFalse();
            Finding first = failures(certification).get(0);
            assertThat(first.subject()).isEqualTo(broken.check());
            assertThat(first.text()).contains(broken.message()).doesNotContain("\n");
            assertThat(first.mend()).isNotEmpty();
        }
    }

    /** By itself: to an endpoint that waits for readers, any caller that is merely late looks like one that does not read. */
    @Test
    void anEndpointThatWaitsForReadersIsFoundOut() throws Exception {
        AtomicBoolean waiting = new AtomicBoolean();
        HonestScorer scorer = new HonestScorer() {
            private final AtomicReference<@Nullable Call> served = new AtomicReference<>();

            @Override
            boolean admits(Call call) {
                return !waiting.get() || served.compareAndSet(null, call);
            }

            @Override
            void ended(Call call) {
                call.over = true;
                if (call.caller.isReady()) {
                    served.compareAndSet(call, null);
                }
            }

            @Override
            void ready(Call call) {
                if (call.over) {
                    served.compareAndSet(call, null);
                }
            }
        };
        try (ServedEndpoint served = ServedEndpoint.of(scorer)) {
            Deadline deadline = Deadline.after(SHORT.toMillis(), TimeUnit.MILLISECONDS);
            Candidate candidate = Candidate.meet(
                    served.endpoint(),
                    scorer.description().build(),
                    GOLDEN.of(scorer.description().build()),
                    deadline);
            waiting.set(true);

            assertThatThrownBy(() -> new SlowCallersCheck().examine(candidate, deadline))
                    .isInstanceOf(Fault.class)
                    .hasMessageContaining("do not read");
        }
    }

    @Test
    void whatIsLostUnderLoadIsFoundOut() throws Exception {
        for (Overloaded fault : Overloaded.values()) {
            AtomicBoolean loaded = new AtomicBoolean();
            HonestScorer scorer = new HonestScorer() {
                @Override
                boolean admits(Call call) {
                    return !loaded.get() || fault != Overloaded.REFUSES_ALL;
                }

                @Override
                void answer(ScoreRequest request, Call call) {
                    if (!loaded.get() || fault != Overloaded.LOSES_ITEMS) {
                        super.answer(request, call);
                    }
                }

                @Override
                double value(ScoreRequest request, Call call) {
                    return loaded.get() && fault == Overloaded.SCORES_ZERO ? 0 : super.value(request, call);
                }

                @Override
                void complete(Call call) {
                    if (!loaded.get() || (fault != Overloaded.HANGS && fault != Overloaded.BREAKS)) {
                        super.complete(call);
                    } else if (fault == Overloaded.BREAKS) {
                        call.caller.onError(Status.INTERNAL.asRuntimeException());
                    }
                }
            };
            try (ServedEndpoint served = ServedEndpoint.of(scorer)) {
                Deadline deadline = Deadline.after(SHORT.toMillis(), TimeUnit.MILLISECONDS);
                Candidate candidate = Candidate.meet(
                        served.endpoint(),
                        scorer.description().build(),
                        GOLDEN.of(scorer.description().build()),
                        deadline);
                loaded.set(true);
                assertThatThrownBy(() -> new OverloadCheck().examine(candidate, deadline))
                        .isInstanceOf(Fault.class)
                        .hasMessageContaining(fault.message);
            }
        }
    }

    private enum Overloaded {
        SCORES_ZERO("calls at once"),
        LOSES_ITEMS("never answered"),
        HANGS("did not end within its deadline"),
        BREAKS("INTERNAL"),
        REFUSES_ALL("calls at once were refused");

        private final String message;

        Overloaded(String message) {
            this.message = message;
        }
    }

    @Test
    void absentHealthIsAFaultAndAbsentReflectionIsNot() throws InterruptedException {
        try (ServedEndpoint served = ServedEndpoint.of(new HonestScorer(), List.of())) {
            Certification certification = certify(served, AMPLE);

            assertThat(failures(certification)).extracting(Finding::subject).containsExactly("health");
            assertThat(certification.findings())
                    .filteredOn(finding -> finding.verdict() == Verdict.WARNING)
                    .extracting(Finding::subject)
                    .containsExactly("reflection");
        }
    }

    @Test
    void whoIsNotServingIsNotCertified() throws InterruptedException {
        HealthStatusManager health = new HealthStatusManager();
        health.setStatus(ScorerGrpc.SERVICE_NAME, ServingStatus.NOT_SERVING);
        try (ServedEndpoint served = ServedEndpoint.of(new HonestScorer(), List.of(health.getHealthService()))) {
            assertThat(failures(certify(served, AMPLE))).singleElement().satisfies(finding -> assertThat(finding.text())
                    .contains("NOT_SERVING", ScorerGrpc.SERVICE_NAME));
        }
    }

    @Test
    void aScorerThatGivesEveryImageTheSameIsAskedWhy() throws InterruptedException {
        HonestScorer bored = new HonestScorer() {
            @Override
            double value(ScoreRequest request, Call call) {
                return 0;
            }
        };
        try (ServedEndpoint served = ServedEndpoint.of(bored)) {
            Certification certification = certify(served, AMPLE);

            assertThat(certification.passed()).isTrue();
            assertThat(certification.findings())
                    .filteredOn(finding -> finding.verdict() == Verdict.WARNING)
                    .extracting(Finding::mend)
                    .singleElement()
                    .asString()
                    .contains("look at the images");
        }
    }

    @Test
    void expectedScoresAreHeldAgainstTheFile() throws Exception {
        List<ExpectedScores> files = new ArrayList<>();
        for (double scale : List.of(1., .5)) {
            HonestScorer scorer = new HonestScorer() {
                @Override
                double value(ScoreRequest request, Call call) {
                    return scale * super.value(request, call);
                }
            };
            try (ServedEndpoint served = ServedEndpoint.of(scorer)) {
                Certification certification = certify(served, AMPLE);
                ExpectedScores own = ExpectedScores.of(certification.candidates());
                files.add(own);
                Candidate candidate = certification.candidates().get(0);
                assertThat(own.compare(candidate, 0).verdict()).isEqualTo(Verdict.OK);
                if (scale < 1) {
                    assertThatThrownBy(() -> files.get(0).compare(candidate, 1e-4))
                            .isInstanceOf(Fault.class)
                            .hasMessageContaining("instead of");
                }
            }
        }
    }

    @Test
    void aScorerThatIsNotThereIsTheCallersMistake() {
        try (ServedEndpoint served = ServedEndpoint.of(new HonestScorer())) {
            Certification certification = new Certification(served.endpoint(), GOLDEN, null, 0, AMPLE, finding -> {});
            assertThatThrownBy(() -> certification.run("ocr"))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("[honest]");
        }
    }
}
