package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScoreRequest;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** An item's score does not depend on its place, its id or, unless the scorer is groupwise, its company. */
final class OrderCheck implements ScorerCheck {

    /** Share of the golden scores' spread that a scorer without a promise may move before it is noise of its own. */
    private static final double NOTABLE = .05;

    @Override
    public String name() {
        return "order";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        int golden = candidate.golden().size();
        List<ScoreRequest> shuffled = new ArrayList<>(candidate.items(golden));
        Collections.shuffle(shuffled, new Random(1));
        double change = ask(candidate, shuffled, "when the items come in another order", deadline);
        if (!candidate.groupwise()) {
            for (ScoreRequest alone : candidate.items(golden).subList(0, 2)) {
                change = Math.max(change, ask(candidate, List.of(alone), "when an item comes alone", deadline));
            }
            List<ScoreRequest> crowd = new ArrayList<>(candidate.items(candidate.affordable(4 * golden, deadline)));
            Collections.reverse(crowd);
            change = Math.max(change, ask(candidate, crowd, "when items come with others", deadline));
        }
        if (candidate.deterministic()) {
            return Finding.ok(name(), "order and company leave scores as they are");
        }
        double spread = Collections.max(candidate.scores()) - Collections.min(candidate.scores());
        return change > NOTABLE * spread
                ? Finding.warning(
                        name(),
                        "scores move by up to %.3g with order and company; the golden ones span %.3g"
                                .formatted(change, spread),
                        "such noise is what a policy then learns from: make the scorer deterministic if it can be")
                : Finding.ok(name(), "scores move by up to %.3g with order and company".formatted(change));
    }

    private static double ask(Candidate candidate, List<ScoreRequest> items, String circumstance, Deadline deadline)
            throws Fault, InterruptedException {
        List<Double> now = candidate.score(items, deadline);
        candidate.requireUnchanged(items, now, circumstance);
        return candidate.largestChange(items, now);
    }
}
