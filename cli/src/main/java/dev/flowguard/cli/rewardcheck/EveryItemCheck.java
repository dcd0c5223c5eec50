package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.ScoreRequest;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.List;

/** Many items in one RPC, under ids of any size, are answered exactly once each; an RPC without items completes. */
final class EveryItemCheck implements ScorerCheck {

    private static final int MOST_ITEMS = 256;

    @Override
    public String name() {
        return "every item once";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        int golden = candidate.golden().size();
        // Where signed integers turn negative, int is too short and a double is no longer exact.
        long first = Long.divideUnsigned(Long.MIN_VALUE, golden) * golden + golden;
        List<ScoreRequest> items = new ArrayList<>();
        for (ScoreRequest item : candidate.items(candidate.affordable(MOST_ITEMS, deadline))) {
            items.add(item.toBuilder().setItemId(first + item.getItemId()).build());
        }
        candidate.requireUnchanged(items, candidate.score(items, deadline), "when many items are sent in one RPC");
        candidate.ask(List.of(), deadline).complete();
        return Finding.ok(name(), "%d items in one RPC, each answered once".formatted(items.size()));
    }
}
