package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Whatever a scorer must not score is answered as an invalid item, never with a score, and its companions do not suffer. */
final class BadItemsCheck implements ScorerCheck {

    private static final String MEND =
            "answer ItemFailure of kind INVALID_ITEM: check format, declared size and the file's own header before decoding";

    @Override
    public String name() {
        return "bad items";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        ScoreRequest good = candidate.items(1).get(0);
        List<BadItem> bad = BadItems.of(good, candidate.description().getImageFormatsList());
        List<String> wrong = new ArrayList<>();
        for (BadItem item : bad) {
            String fault = faultOf(candidate, good, item, deadline);
            if (!fault.isEmpty()) {
                wrong.add(item.what() + " " + fault);
            }
        }
        if (!wrong.isEmpty()) {
            throw new Fault("%d of %d: %s".formatted(wrong.size(), bad.size(), String.join("; ", wrong)), MEND);
        }
        return Finding.ok(name(), "%d kinds, each refused as invalid".formatted(bad.size()));
    }

    /** What the endpoint did wrong, as the end of a sentence; empty if nothing. */
    private static String faultOf(Candidate candidate, ScoreRequest good, BadItem bad, Deadline deadline)
            throws InterruptedException {
        long id = candidate.golden().size();
        ScoreRequest spoilt = bad.request().toBuilder().setItemId(id).build();
        try {
            Reply reply = candidate.ask(candidate.grouped(List.of(spoilt, good)), deadline);
            Map<Long, ScoreResponse> answers = reply.complete();
            ScoreResponse answer = Objects.requireNonNull(answers.get(id));
            ScoreResponse companion = Objects.requireNonNull(answers.get(good.getItemId()));
            if (answer.hasScore()) {
                return "scores " + answer.getScore().getValue();
            }
            if (answer.getFailure().getKind() != FailureKind.FAILURE_KIND_INVALID_ITEM) {
                return "is an INTERNAL failure, so that callers ask again";
            }
            // Whether the rest of a group can be scored without its bad member is the scorer's to know.
            return companion.hasScore() || candidate.groupwise() ? "" : "costs its companion the score";
        } catch (Fault fault) {
            return "harms its RPC: " + fault.text();
        }
    }
}
