package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScoreRequest;
import io.grpc.Deadline;
import io.grpc.Status;
import java.util.List;

/** A scorer_id that is not there ends the RPC with INVALID_ARGUMENT, and a recipe's misspelling is found. */
final class ScorerIdCheck implements ScorerCheck {

    private static final String UNKNOWN = "no-such-scorer";

    @Override
    public String name() {
        return "scorer id";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        List<ScoreRequest> misdirected = candidate.items(1).stream()
                .map(item -> item.toBuilder().setScorerId(UNKNOWN).build())
                .toList();
        Reply reply = candidate.ask(misdirected, deadline);
        if (reply.status().getCode() != Status.Code.INVALID_ARGUMENT) {
            throw new Fault(
                    "items for the scorer '%s' were answered with %s"
                            .formatted(UNKNOWN, reply.answers().isEmpty() ? Reply.oneLine(reply.status()) : "outcomes"),
                    "end the RPC with INVALID_ARGUMENT, and say which scorers there are");
        }
        return Finding.ok(name(), "an unknown one is refused with INVALID_ARGUMENT");
    }
}
