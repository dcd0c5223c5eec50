package dev.flowguard.cli.rewardcheck;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.FailureKind;
import dev.flowguard.proto.v1.ScoreRequest;
import dev.flowguard.proto.v1.ScoreResponse;
import dev.flowguard.proto.v1.ScorerDescription;
import io.grpc.Deadline;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A scorer under examination, and the scores that it gave the golden items when nothing else was asked of it. Thread-safe. */
final class Candidate {

    private static final long RETRY_MILLIS = 250;
    /** A check's time divided by what its items may take: slower by so much, under load, they still come in time. */
    private static final int SHARE = 8;

    private final Endpoint endpoint;
    private final ScorerDescription description;
    private final List<GoldenItem> golden;
    private final AtomicLong groups = new AtomicLong();
    private final List<Double> scores;
    private final long nanosPerItem;

    private Candidate(
            Endpoint endpoint,
            ScorerDescription description,
            List<GoldenItem> golden,
            List<Double> scores,
            long nanosPerItem) {
        this.endpoint = endpoint;
        this.description = description;
        this.golden = golden;
        this.scores = scores;
        this.nanosPerItem = nanosPerItem;
    }

    /**
     * Has the golden items scored, which is the first check.
     *
     * @throws Fault if one of them has no score that the description allows
     */
    static Candidate meet(Endpoint endpoint, ScorerDescription description, List<GoldenItem> golden, Deadline deadline)
            throws Fault, InterruptedException {
        Candidate unknown = new Candidate(endpoint, description, golden, List.of(), 0);
        List<Double> scores = unknown.score(unknown.items(golden.size()), deadline);
        // The first call pays for whatever the scorer does only once; the second tells the pace.
        long begin = System.nanoTime();
        unknown.score(unknown.items(golden.size()), deadline);
        long nanosPerItem = (System.nanoTime() - begin) / golden.size();
        return new Candidate(endpoint, description, golden, scores, Math.max(1, nanosPerItem));
    }

    Endpoint endpoint() {
        return endpoint;
    }

    ScorerDescription description() {
        return description;
    }

    List<GoldenItem> golden() {
        return golden;
    }

    /** The golden items' scores, in their order. */
    List<Double> scores() {
        return scores;
    }

    boolean groupwise() {
        return description.getArity() == Arity.ARITY_GROUPWISE;
    }

    boolean deterministic() {
        return description.getDeterministic();
    }

    /** How many items, at most, a check can have scored without waiting for more than a part of its time. */
    int affordable(int most, Deadline deadline) {
        long budget = deadline.timeRemaining(TimeUnit.NANOSECONDS) / SHARE;
        return (int) Math.max(1, Math.min(most, budget / nanosPerItem));
    }

    /** Items to send in one RPC: the golden ones over and over, numbered from 0. A groupwise scorer gets one group of them. */
    List<ScoreRequest> items(int count) {
        List<ScoreRequest> requests = new ArrayList<>();
        for (int i = 0; i < (groupwise() ? golden.size() : count); i++) {
            requests.add(golden.get(i % golden.size()).request().toBuilder()
                    .setItemId(i)
                    .build());
        }
        return grouped(requests);
    }

    /** The requests as one group where the scorer wants groups, otherwise as they are. */
    List<ScoreRequest> grouped(List<ScoreRequest> requests) {
        if (!groupwise()) {
            return List.copyOf(requests);
        }
        long group = groups.incrementAndGet();
        return requests.stream()
                .map(request -> request.toBuilder()
                        .setGroupId(group)
                        .setGroupSize(requests.size())
                        .build())
                .toList();
    }

    /** The golden item that an item is a copy of. INVARIANT: whatever its id, it is congruent to the golden item's place. */
    private int place(long itemId) {
        return (int) Long.remainderUnsigned(itemId, golden.size());
    }

    /**
     * How far the scores of items are from those that the same golden items had at first.
     *
     * @param items whose ids are congruent to their golden items' places
     */
    double largestChange(List<ScoreRequest> items, List<Double> now) {
        double largest = 0;
        for (int i = 0; i < items.size(); i++) {
            largest = Math.max(
                    largest, Math.abs(now.get(i) - scores.get(place(items.get(i).getItemId()))));
        }
        return largest;
    }

    /**
     * Holds a scorer that calls itself deterministic to that.
     *
     * @param circumstance what was different, as the end of a sentence
     */
    void requireUnchanged(List<ScoreRequest> items, List<Double> now, String circumstance) throws Fault {
        double change = largestChange(items, now);
        if (deterministic() && change > 0) {
            throw new Fault(
                    "scores differ by up to %s %s".formatted(change, circumstance),
                    "make an item's score depend on nothing but the item, or set deterministic to false in Describe");
        }
    }

    /**
     * The items' scores, in their order.
     *
     * @throws Fault if one of them has no score that the description allows
     */
    List<Double> score(List<ScoreRequest> items, Deadline deadline) throws Fault, InterruptedException {
        return scores(ask(items, deadline));
    }

    /**
     * Sends the items, again while the endpoint says that it is full: nothing else is asked of it, so it cannot stay full.
     *
     * @throws Fault if it has no room up to the deadline
     */
    Reply ask(List<ScoreRequest> items, Deadline deadline) throws Fault, InterruptedException {
        while (true) {
            Reply reply = endpoint.score(items, deadline).await(deadline);
            if (reply.status().getCode() != Status.Code.RESOURCE_EXHAUSTED) {
                return reply;
            }
            long pause = reply.retryDelayMillis().orElse(RETRY_MILLIS);
            if (deadline.timeRemaining(TimeUnit.MILLISECONDS) <= pause) {
                throw new Fault(
                        "it has no room, although nothing else is asked of it: " + Reply.oneLine(reply.status()),
                        "give room back when an RPC ends, also by cancellation or deadline");
            }
            TimeUnit.MILLISECONDS.sleep(pause);
        }
    }

    /**
     * The scores of an RPC, in the order of its items.
     *
     * @throws Fault if one of them has no score that the description allows
     */
    List<Double> scores(Reply reply) throws Fault {
        Map<Long, ScoreResponse> answers = reply.complete();
        List<Double> values = new ArrayList<>();
        for (ScoreRequest request : reply.asked()) {
            ScoreResponse answer = answers.get(request.getItemId());
            if (answer == null) {
                throw new IllegalStateException("complete() left item " + request.getItemId() + " out");
            }
            values.add(score(answer));
        }
        return values;
    }

    private double score(ScoreResponse answer) throws Fault {
        String image = golden.get(place(answer.getItemId())).image().label();
        if (answer.hasFailure()) {
            boolean invalid = answer.getFailure().getKind() == FailureKind.FAILURE_KIND_INVALID_ITEM;
            throw new Fault(
                    "the golden item '%s' has no score: %s"
                            .formatted(image, answer.getFailure().getMessage()),
                    invalid
                            ? "give prompts that the scorer takes with --prompt, and their metadata with --metadata"
                            : "see the scorer's own log");
        }
        String version = answer.getScore().getVersion();
        if (!version.isEmpty() && !version.equals(description.getVersion())) {
            throw new Fault(
                    "Describe says version %s, the score of '%s' says %s"
                            .formatted(description.getVersion(), image, version),
                    "let all processes behind the address be of one version, and say the same in both places");
        }
        double value = answer.getScore().getValue();
        if ((description.hasRangeMin() && value < description.getRangeMin())
                || (description.hasRangeMax() && value > description.getRangeMax())) {
            throw new Fault(
                    "the golden item '%s' scores %s, outside of the range that Describe declares"
                            .formatted(image, value),
                    "declare the range that scores really have, or none");
        }
        return value;
    }
}
