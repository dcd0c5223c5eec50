package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScoreRequest;
import io.grpc.Deadline;
import java.util.List;
import java.util.Locale;

/** The same RPC again has the same scores. */
final class DeterminismCheck implements ScorerCheck {

    @Override
    public String name() {
        return "determinism";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        List<ScoreRequest> again = candidate.items(candidate.golden().size());
        List<Double> now = candidate.score(again, deadline);
        candidate.requireUnchanged(again, now, "when the same items are sent again");
        return Finding.ok(
                name(),
                candidate.deterministic()
                        ? "the same items have the same scores"
                        : String.format(
                                Locale.ROOT,
                                "not promised; sent again, scores differ by up to %.3g",
                                candidate.largestChange(again, now)));
    }
}
