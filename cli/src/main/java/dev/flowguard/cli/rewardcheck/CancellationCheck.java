package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScoreRequest;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.List;

/** Callers that leave, before or after the first answer, take nothing with them: the endpoint goes on serving. */
final class CancellationCheck implements ScorerCheck {

    private static final int CALLS = 32;
    private static final int MOST_ITEMS = 8;

    @Override
    public String name() {
        return "cancellation";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        int items = Math.max(1, candidate.affordable(CALLS * MOST_ITEMS, deadline) / CALLS);
        List<Exchange> left = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            Exchange exchange = candidate.endpoint().score(candidate.items(items), deadline);
            if (i % 2 == 0) {
                exchange.awaitFirst(deadline);
            }
            exchange.cancel();
            left.add(exchange);
        }
        for (Exchange exchange : left) {
            exchange.await(deadline);
        }
        List<ScoreRequest> golden = candidate.items(candidate.golden().size());
        try {
            candidate.requireUnchanged(golden, candidate.score(golden, deadline), "after others have cancelled");
        } catch (Fault fault) {
            throw new Fault(
                    "after %d cancelled calls: %s".formatted(CALLS, fault.text()),
                    "release what a call holds when it is cancelled, and go on");
        }
        return Finding.ok(name(), "%d cancelled calls, then served as before".formatted(CALLS));
    }
}
