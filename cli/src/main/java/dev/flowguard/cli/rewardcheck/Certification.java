package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.cli.Finding.Verdict;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.tensor.InputException;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One examination of an endpoint: every check in turn, each with a deadline of its own. */
final class Certification {

    private static final EndpointCheck DESCRIBE = new DescribeCheck();
    private static final List<EndpointCheck> OF_ENDPOINTS = List.of(new HealthCheck(), new ReflectionCheck());
    private static final String GOLDEN = "golden scores";
    /** The gentle ones first: what breaks under load should not hide what is wrong without. */
    private static final List<ScorerCheck> OF_SCORERS = List.of(
            new DeterminismCheck(),
            new OrderCheck(),
            new EveryItemCheck(),
            new ScorerIdCheck(),
            new FormatsCheck(),
            new BadItemsCheck(),
            new OversizeCheck(),
            new SlowCallersCheck(),
            new CancellationCheck(),
            new OverloadCheck());

    private final Endpoint endpoint;
    private final GoldenItems golden;
    private final @Nullable ExpectedScores expected;
    private final double tolerance;
    private final Duration limit;
    private final Consumer<Finding> report;
    private final List<Finding> findings = new ArrayList<>();
    private final List<Candidate> candidates = new ArrayList<>();

    /**
     * @param expected scores to compare with; null for none
     * @param tolerance of that comparison
     * @param limit of each check
     * @param report hears each finding as soon as it is known
     */
    Certification(
            Endpoint endpoint,
            GoldenItems golden,
            @Nullable ExpectedScores expected,
            double tolerance,
            Duration limit,
            Consumer<Finding> report) {
        this.endpoint = endpoint;
        this.golden = golden;
        this.expected = expected;
        this.tolerance = tolerance;
        this.limit = limit;
        this.report = report;
    }

    /** Length of the longest name that a finding may have. */
    static int widestName() {
        return Stream.of(
                        Stream.of(DESCRIBE.name(), GOLDEN, ExpectedScores.CHECK),
                        OF_ENDPOINTS.stream().map(EndpointCheck::name),
                        OF_SCORERS.stream().map(ScorerCheck::name))
                .flatMap(names -> names)
                .mapToInt(String::length)
                .max()
                .orElseThrow();
    }

    /**
     * Runs every check of the endpoint and of the scorers.
     *
     * @param scorerId the one to examine; null for all
     * @throws InputException if nobody answers at the address, or the scorer is not there
     */
    void run(@Nullable String scorerId) throws InterruptedException {
        requireReachable();
        int before = findings.size();
        examine(DESCRIBE);
        OF_ENDPOINTS.forEach(this::examine);
        if (findings.get(before).verdict() == Verdict.FAILED) {
            return;
        }
        for (ScorerDescription scorer : chosen(scorerId)) {
            examine(scorer);
        }
    }

    private void requireReachable() {
        try {
            endpoint.describe(deadline());
        } catch (StatusRuntimeException e) {
            Status.Code code = e.getStatus().getCode();
            if (code == Status.Code.UNAVAILABLE || code == Status.Code.DEADLINE_EXCEEDED) {
                throw new InputException(
                        "nobody answers there (" + Reply.oneLine(e.getStatus())
                                + "): check --target, and that the service runs",
                        e);
            }
            // It answers something: what, is for the first check to say.
        }
    }

    private List<ScorerDescription> chosen(@Nullable String scorerId) {
        List<ScorerDescription> all = endpoint.describe(deadline()).getScorersList();
        if (scorerId == null) {
            return all;
        }
        List<ScorerDescription> chosen = all.stream()
                .filter(scorer -> scorer.getScorerId().equals(scorerId))
                .toList();
        if (chosen.isEmpty()) {
            throw new InputException("--scorer: no scorer '%s' there; it has %s"
                    .formatted(
                            scorerId,
                            all.stream().map(ScorerDescription::getScorerId).toList()));
        }
        return chosen;
    }

    private void examine(EndpointCheck check) {
        add(examined(check.name(), () -> check.examine(endpoint, deadline())));
    }

    private void examine(ScorerDescription scorer) throws InterruptedException {
        int known = candidates.size();
        add(examined(GOLDEN, () -> {
            Candidate candidate = Candidate.meet(endpoint, scorer, golden.of(scorer), deadline());
            candidates.add(candidate);
            return summary(candidate);
        }));
        if (candidates.size() == known) {
            // Without golden scores there is nothing that the other checks could compare with.
            return;
        }
        Candidate candidate = candidates.get(known);
        if (expected != null) {
            add(examined(ExpectedScores.CHECK, () -> expected.compare(candidate, tolerance)));
        }
        for (ScorerCheck check : OF_SCORERS) {
            add(examined(check.name(), () -> check.examine(candidate, deadline())));
        }
    }

    private static Finding summary(Candidate candidate) {
        double min = Collections.min(candidate.scores());
        double max = Collections.max(candidate.scores());
        String text = String.format(
                Locale.ROOT,
                "%s: %d images score %.4g to %.4g",
                candidate.description().getScorerId(),
                candidate.scores().size(),
                min,
                max);
        return min < max
                ? Finding.ok(GOLDEN, text)
                : Finding.warning(
                        GOLDEN,
                        text,
                        "does the scorer look at the images? With prompts of its own (--prompt) they should differ");
    }

    private interface Examination {
        Finding run() throws Fault, InterruptedException;
    }

    private static Finding examined(String name, Examination examination) {
        try {
            return examination.run();
        } catch (Fault fault) {
            return Finding.failed(name, fault.text(), fault.mend());
        } catch (StatusRuntimeException e) {
            return Finding.failed(
                    name,
                    "an RPC ended with " + Reply.oneLine(e.getStatus()),
                    "implement flowguard.v1.Scorer as proto/ describes it; see the endpoint's own log");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Finding.failed(name, "interrupted", "");
        }
    }

    private void add(Finding finding) {
        findings.add(finding);
        report.accept(finding);
    }

    private Deadline deadline() {
        return Deadline.after(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    List<Finding> findings() {
        return List.copyOf(findings);
    }

    /** The scorers that gave golden scores. */
    List<Candidate> candidates() {
        return List.copyOf(candidates);
    }

    boolean passed() {
        return findings.stream().noneMatch(finding -> finding.verdict() == Verdict.FAILED);
    }
}
