package dev.flowguard.cli.rewardcheck;

import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What became of a Score RPC.
 *
 * @param asked the items that were to be sent
 * @param answers in the order in which they came
 * @param status how the RPC ended; DEADLINE_EXCEEDED where we gave it up
 * @param trailers of an RPC that failed
 */
record Reply(List<ScoreRequest> asked, List<ScoreResponse> answers, Status status, Metadata trailers) {

    private static final Metadata.Key<String> RETRY_DELAY_MS =
            Metadata.Key.of("retry-delay-ms", Metadata.ASCII_STRING_MARSHALLER);
    private static final int LONGEST_DELAY_DIGITS = 6;

    /** Whether the endpoint had no room; the contract lets it say so. */
    boolean refused() {
        return status.getCode() == Status.Code.RESOURCE_EXHAUSTED || status.getCode() == Status.Code.UNAVAILABLE;
    }

    /** When to come back, as the endpoint hints. */
    OptionalLong retryDelayMillis() {
        String delay = trailers.get(RETRY_DELAY_MS);
        return delay != null && delay.matches("[0-9]{1," + LONGEST_DELAY_DIGITS + "}")
                ? OptionalLong.of(Long.parseLong(delay))
                : OptionalLong.empty();
    }

    /**
     * The answers by item id.
     *
     * @throws Fault unless the RPC completed and answered every item exactly once, with an outcome
     */
    Map<Long, ScoreResponse> complete() throws Fault {
        Set<Long> ids = asked.stream().map(ScoreRequest::getItemId).collect(Collectors.toSet());
        Map<Long, ScoreResponse> byItem = new HashMap<>();
        for (ScoreResponse answer : answers) {
            if (!ids.contains(answer.getItemId())) {
                throw new Fault(
                        "item %s was answered, and nobody asked for it".formatted(name(answer.getItemId())),
                        "echo the request's item_id (uint64, any value) in its response");
            }
            if (byItem.put(answer.getItemId(), answer) != null) {
                throw new Fault(
                        "item %s was answered twice".formatted(name(answer.getItemId())),
                        "answer every item exactly once");
            }
            requireOutcome(answer);
        }
        requireCompleted();
        if (byItem.size() < ids.size()) {
            Set<Long> missing = new HashSet<>(ids);
            missing.removeAll(byItem.keySet());
            throw new Fault(
                    "the RPC completed and %d of %d items were never answered".formatted(missing.size(), asked.size()),
                    "answer every item, with an ItemFailure where there is no score, and complete after the last");
        }
        return byItem;
    }

    /** @throws Fault unless the RPC ended with OK */
    void requireCompleted() throws Fault {
        if (status.isOk()) {
            return;
        }
        if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
            throw new Fault(
                    "the RPC did not end within its deadline; %d of %d items were answered"
                            .formatted(answers.size(), asked.size()),
                    "complete the RPC once the caller has half-closed and all is answered; a slow scorer may need --deadline");
        }
        throw new Fault(
                "the RPC ended with " + oneLine(status),
                "end it with OK: what goes wrong with an item is that item's ItemFailure");
    }

    private static void requireOutcome(ScoreResponse answer) throws Fault {
        String item = "item " + name(answer.getItemId());
        switch (answer.getOutcomeCase()) {
            case SCORE -> {
                if (!Double.isFinite(answer.getScore().getValue())) {
                    throw new Fault(
                            item + " has the score " + answer.getScore().getValue(),
                            "answer ItemFailure of kind INTERNAL where the score is not finite");
                }
            }
            case FAILURE -> {
                switch (answer.getFailure().getKind()) {
                    case FAILURE_KIND_INVALID_ITEM, FAILURE_KIND_INTERNAL -> {}
                    case FAILURE_KIND_UNSPECIFIED, UNRECOGNIZED ->
                        throw new Fault(
                                item + " failed, without a kind that callers know",
                                "set ItemFailure.kind to INVALID_ITEM or INTERNAL");
                }
            }
            case OUTCOME_NOT_SET ->
                throw new Fault(item + " has neither score nor failure", "set one of them in every response");
        }
    }

    private static String name(long itemId) {
        return Long.toUnsignedString(itemId);
    }

    static String oneLine(Status status) {
        String description = status.getDescription();
        return status.getCode()
                + (description == null
                        ? ""
                        : " (" + description.lines().findFirst().orElse("") + ")");
    }
}
