package dev.flowguard.reward;

import dev.flowguard.proto.v1.Arity;
import dev.flowguard.proto.v1.ScorerDescription;
import dev.flowguard.proto.v1.ScorerInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A scorer that a test holds the reins of: the score of an item is a function of its prompt, and, where a gate is given, each item takes one
 * permit of it before it is scored.
 */
class FakeScorer implements Scorer {

    private final ScorerDescription description;
    private final Function<ScoreItem, ScoreOutcome> rule;
    private final Semaphore gate;

    /** Batches that have reached a worker. */
    final Semaphore batchesBegun = new Semaphore(0);

    final AtomicInteger itemsScored = new AtomicInteger();
    final AtomicInteger openWorkers = new AtomicInteger();

    FakeScorer(String id, Function<String, ScoreOutcome> rule, Semaphore gate) {
        this(describe(id).build(), rule, gate);
    }

    FakeScorer(ScorerDescription description, Function<String, ScoreOutcome> rule, Semaphore gate) {
        this(description, gate, item -> rule.apply(item.prompt()));
    }

    private FakeScorer(ScorerDescription description, Semaphore gate, Function<ScoreItem, ScoreOutcome> rule) {
        this.description = description;
        this.rule = rule;
        this.gate = gate;
    }

    /** Shows each item to the test and scores it 1 where the test answers true, else 0. */
    static FakeScorer ofItems(ScorerDescription description, Predicate<ScoreItem> seen) {
        return new FakeScorer(
                description,
                new Semaphore(Integer.MAX_VALUE),
                item -> new ScoreOutcome.Scored(seen.test(item) ? 1 : 0, Map.of()));
    }

    static ScorerDescription.Builder describe(String id) {
        return ScorerDescription.newBuilder()
                .setScorerId(id)
                .setVersion("1")
                .addInputs(ScorerInput.SCORER_INPUT_IMAGE)
                .addInputs(ScorerInput.SCORER_INPUT_PROMPT)
                .setArity(Arity.ARITY_POINTWISE);
    }

    /** Scores a prompt by its length, at once. */
    static FakeScorer promptLength(String id) {
        return new FakeScorer(id, FakeScorer::length, new Semaphore(Integer.MAX_VALUE));
    }

    static ScoreOutcome length(String prompt) {
        return new ScoreOutcome.Scored(prompt.length(), Map.of("prompt", prompt));
    }

    @Override
    public ScorerDescription description() {
        return description;
    }

    @Override
    public ScorerWorker newWorker() {
        openWorkers.incrementAndGet();
        return new ScorerWorker() {
            @Override
            public List<ScoreOutcome> scoreBatch(List<ScoreItem> items) {
                batchesBegun.release();
                List<ScoreOutcome> outcomes = new ArrayList<>();
                for (ScoreItem item : items) {
                    gate.acquireUninterruptibly();
                    itemsScored.incrementAndGet();
                    outcomes.add(rule.apply(item));
                }
                return outcomes;
            }

            @Override
            public void close() {
                openWorkers.decrementAndGet();
            }
        };
    }
}
