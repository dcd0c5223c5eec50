package dev.flowguard.cli.rewardcheck;

import dev.flowguard.cli.Finding;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerInput;
import io.grpc.Deadline;
import io.grpc.Status;
import java.util.List;

/** An image larger than Describe allows is refused, by item or with its RPC, and the process lives on. */
final class OversizeCheck implements ScorerCheck {

    /** What is sent where no limit is declared: more than most servers' messages may have. */
    private static final int WITHOUT_LIMIT = 32 << 20;

    private static final int LARGEST = 256 << 20;

    @Override
    public String name() {
        return "oversize image";
    }

    @Override
    public Finding examine(Candidate candidate, Deadline deadline) throws Fault, InterruptedException {
        if (!candidate.description().getInputsList().contains(ScorerInput.SCORER_INPUT_IMAGE)) {
            return Finding.ok(name(), "the scorer wants no images");
        }
        long limit = candidate.description().getMaxImageBytes();
        if (limit >= LARGEST) {
            return Finding.warning(
                    name(),
                    "not checked: max_image_bytes is " + limit,
                    "declare what a scorer of images needs; a caller can make the process hold that much, many times");
        }
        int bytes = limit == 0 ? WITHOUT_LIMIT : (int) limit + 1;
        Reply reply = candidate
                .endpoint()
                .score(List.of(oversize(candidate, bytes)), deadline)
                .await(deadline);
        String outcome = "refused with " + Reply.oneLine(reply.status());
        if (reply.status().isOk()) {
            ScoreResponse answer = reply.complete().values().iterator().next();
            if (answer.hasScore() && limit > 0) {
                throw new Fault(
                        "an image of %d bytes was scored, although max_image_bytes is %d".formatted(bytes, limit),
                        "check the size before anything else, or declare the limit that is meant");
            }
            outcome = answer.hasScore()
                    ? "scored: there is no limit"
                    : "item refused as "
                            + (answer.getFailure().getKind() == FailureKind.FAILURE_KIND_INVALID_ITEM
                                    ? "invalid"
                                    : "failed");
        } else if (reply.status().getCode() == Status.Code.DEADLINE_EXCEEDED) {
            reply.requireCompleted();
        }
        List<ScoreRequest> golden = candidate.items(candidate.golden().size());
        try {
            candidate.requireUnchanged(golden, candidate.score(golden, deadline), "after an oversize image");
        } catch (Fault fault) {
            throw new Fault(
                    "after an image of %d bytes: %s".formatted(bytes, fault.text()),
                    "bound the size of messages, and of images before they are decoded");
        }
        return Finding.ok(name(), "%d bytes: %s".formatted(bytes, outcome));
    }

    private static ScoreRequest oversize(Candidate candidate, int bytes) {
        ScoreRequest good = candidate.items(1).get(0);
        PngFile image = GoldenImage.GREY.draw(
                good.getImage().getWidth(), good.getImage().getHeight());
        return good.toBuilder()
                .setImage(good.getImage().toBuilder().setData(image.bytes(bytes)))
                .build();
    }
}
