package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScoreRequest;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Callers that read one answer and no more slow nobody but themselves, and get all of them once they read. */
final class SlowCallersCheck implements ScorerCheck {

    private static final int CALLERS = 4;
    private static final int MOST_ITEMS = 128;

    @Override
    public String name() {
        return "slow callers";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        int items = Math.max(1, candidate.affordable(CALLERS * MOST_ITEMS, deadline) / CALLERS);
        List<Exchange> slow = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            slow.add(candidate.endpoint().scoreReadingOne(candidate.items(items), deadline));
        }
        // Otherwise the other caller could be quicker than they are slow.
        for (Exchange exchange : slow) {
            exchange.awaitFirst(deadline);
        }
        List<ScoreRequest> golden = candidate.items(candidate.golden().size());
        Deadline half = Deadline.after(deadline.timeRemaining(TimeUnit.NANOSECONDS) / 2, TimeUnit.NANOSECONDS);
        try {
            candidate.requireUnchanged(golden, candidate.score(golden, half), "while others do not read");
        } catch (Fault fault) {
            throw new Fault(
                    "while %d callers do not read their answers, another's items are not scored: %s"
                            .formatted(CALLERS, fault.text()),
                    "bound what one caller may hold: a thread or a lock that waits for a reader is lost to all");
        } finally {
            slow.forEach(Exchange::readAll);
        }
        for (Exchange exchange : slow) {
            Reply reply = exchange.await(deadline);
            if (!reply.refused()) {
                candidate.requireUnchanged(reply.asked(), candidate.scores(reply), "when the caller reads late");
            }
        }
        return Finding.ok(name(), "%d that do not read leave another's calls as they are".formatted(CALLERS));
    }
}
