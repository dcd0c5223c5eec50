package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScoreRequest;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.List;

/** More calls at once than there is room for: each is served whole or refused, none is lost, and afterwards all is as before. */
final class OverloadCheck implements ScorerCheck {

    private static final int CALLS = 64;
    private static final int MOST_ITEMS = 16;

    @Override
    public String name() {
        return "overload";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        int affordable = candidate.affordable(CALLS * MOST_ITEMS, deadline);
        int calls = Math.min(CALLS, Math.max(2, affordable));
        int items = Math.max(1, affordable / calls);
        List<Exchange> all = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            all.add(candidate.endpoint().score(candidate.items(items), deadline));
        }
        int refused = 0;
        boolean hinted = true;
        for (Exchange exchange : all) {
            Reply reply = exchange.await(deadline);
            if (reply.refused()) {
                refused++;
                hinted &= reply.retryDelayMillis().isPresent();
                continue;
            }
            List<ScoreRequest> asked = reply.asked();
            candidate.requireUnchanged(asked, candidate.scores(reply), "under %d calls at once".formatted(calls));
        }
        if (refused == calls) {
            throw new Fault(
                    "all of %d calls at once were refused".formatted(calls),
                    "serve as many calls as there is room for");
        }
        List<ScoreRequest> golden = candidate.items(candidate.golden().size());
        candidate.requireUnchanged(golden, candidate.score(golden, deadline), "after the overload");
        String text = "%d calls of %d items at once: %d served, %d refused"
                .formatted(calls, asked(candidate, items), calls - refused, refused);
        return hinted
                ? Finding.ok(name(), text)
                : Finding.warning(
                        name(),
                        text + ", without a hint when to come back",
                        "refuse with RESOURCE_EXHAUSTED and the trailer retry-delay-ms, in milliseconds");
    }

    private static int asked(Candidate candidate, int items) {
        return candidate.items(items).size();
    }
}
