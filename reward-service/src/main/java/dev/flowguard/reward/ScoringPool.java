package dev.flowguard.reward;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One scorer's bounded queue and its worker threads. A worker takes what is there, up to a batch, and waits for more only while the oldest of
 * it is younger than the latency bound; of a scorer that gains nothing from batches it takes one item.
 *
 * <p>Thread-safe. {@link #close} lets each worker finish the batch that it is on.
 */
final class ScoringPool implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ScoringPool.class);
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private final String scorerId;
    private final Scorer scorer;
    private final ImageDecoder decoder;
    private final RewardMetrics metrics;
    private final BlockingQueue<PendingItem> queue;
    private final int maxBatch;
    private final long maxDelayNanos;
    private final List<Thread> workers = new ArrayList<>();

    private ScoringPool(Scorer scorer, RewardProperties properties, ImageDecoder decoder, RewardMetrics metrics) {
        this.scorerId = scorer.description().getScorerId();
        this.scorer = scorer;
        this.decoder = decoder;
        this.metrics = metrics;
        this.queue = new ArrayBlockingQueue<>(properties.admission().queueCapacity());
        this.maxBatch = scorer.gainsFromBatches() ? properties.batch().maxSize() : 1;
        this.maxDelayNanos = properties.batch().maxDelay().toNanos();
    }

    /**
     * Starts the workers and waits until each has opened its share of the scorer.
     *
     * @throws IllegalStateException if one of them cannot
     */
    static ScoringPool start(Scorer scorer, RewardProperties properties, ImageDecoder decoder, RewardMetrics metrics) {
        ScoringPool pool = new ScoringPool(scorer, properties, decoder, metrics);
        metrics.watchQueue(pool.scorerId, pool.queue);
        List<CompletableFuture<Void>> ready = new ArrayList<>();
        for (int i = 0; i < properties.workersOrProcessors(); i++) {
            CompletableFuture<Void> opened = new CompletableFuture<>();
            Thread worker = new Thread(() -> pool.work(opened), "scorer-" + pool.scorerId + "-" + i);
            worker.setDaemon(true);
            ready.add(opened);
            pool.workers.add(worker);
            worker.start();
        }
        try {
            pool.awaitAll(ready);
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
        return pool;
    }

    private void awaitAll(List<CompletableFuture<Void>> ready) {
        try {
            CompletableFuture.allOf(ready.toArray(CompletableFuture[]::new))
                    .get(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IllegalStateException("scorer " + scorerId + " cannot start: " + cause.getMessage(), cause);
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    "scorer " + scorerId + " did not start within " + START_LIMIT.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while scorer " + scorerId + " was starting", e);
        }
    }

    /**
     * Accepts an item. Never blocks.
     *
     * @throws IllegalStateException if the queue is full, which admission rules out: it holds all items that were ever let in
     */
    void submit(PendingItem item) {
        queue.add(item);
    }

    private void work(CompletableFuture<Void> opened) {
        try (ScorerWorker worker = scorer.newWorker()) {
            opened.complete(null);
            while (true) {
                score(worker, takeBatch());
            }
        } catch (InterruptedException e) {
            // The pool is closing, and this thread is the pool's own.
        } catch (RuntimeException | LinkageError e) {
            // Only opening and closing a worker can throw; a library that is missing here is a LinkageError.
            if (!opened.completeExceptionally(e)) {
                log.warn("scorer {} did not close cleanly", scorerId, e);
            }
        }
    }

    private List<PendingItem> takeBatch() throws InterruptedException {
        List<PendingItem> batch = new ArrayList<>(maxBatch);
        PendingItem oldest = queue.take();
        batch.add(oldest);
        while (batch.size() < maxBatch) {
            PendingItem next = queue.poll();
            if (next == null) {
                long patience = oldest.receivedNanos() + maxDelayNanos - System.nanoTime();
                next = patience > 0 ? queue.poll(patience, TimeUnit.NANOSECONDS) : null;
            }
            if (next == null) {
                return batch;
            }
            batch.add(next);
        }
        return batch;
    }

    private void score(ScorerWorker worker, Collection<PendingItem> batch) {
        List<PendingItem> pending = new ArrayList<>(batch.size());
        List<ScoreItem> items = new ArrayList<>(batch.size());
        for (PendingItem item : batch) {
            if (item.owner().isOver()) {
                metrics.cancelled(scorerId, item);
                item.owner().settle(item, new ScoreOutcome.Failed("nobody waits for this item"));
                continue;
            }
            try {
                items.add(new ScoreItem(decoder.decode(item.image()), item.prompt(), item.metadata()));
                pending.add(item);
            } catch (InvalidItemException e) {
                settle(item, new ScoreOutcome.Invalid(String.valueOf(e.getMessage())));
            }
        }
        if (pending.isEmpty()) {
            return;
        }
        metrics.batch(scorerId, pending.size());
        List<ScoreOutcome> outcomes = outcomesOf(worker, items);
        for (int i = 0; i < pending.size(); i++) {
            settle(pending.get(i), outcomes.get(i));
        }
    }

    /** One outcome an item whatever the scorer does: whoever sent an item is owed an answer. */
    private List<ScoreOutcome> outcomesOf(ScorerWorker worker, List<ScoreItem> items) {
        List<ScoreOutcome> outcomes;
        try {
            outcomes = worker.scoreBatch(items);
        } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
            log.error("scorer {} failed on a batch of {}", scorerId, items.size(), e);
            return allFailed(items, "the scorer failed: " + e.getClass().getSimpleName());
        }
        if (outcomes.size() != items.size()) {
            log.error("scorer {} gave {} outcomes for {} items", scorerId, outcomes.size(), items.size());
            return allFailed(items, "the scorer lost count of its items");
        }
        return outcomes;
    }

    private static List<ScoreOutcome> allFailed(List<ScoreItem> items, String message) {
        return items.stream()
                .<ScoreOutcome>map(item -> new ScoreOutcome.Failed(message))
                .toList();
    }

    private void settle(PendingItem item, ScoreOutcome outcome) {
        ScoreOutcome checked = outcome instanceof ScoreOutcome.Scored scored && !Double.isFinite(scored.value())
                ? new ScoreOutcome.Failed("the scorer's value is not finite: " + scored.value())
                : outcome;
        metrics.settled(scorerId, item, checked);
        item.owner().settle(item, checked);
    }

    @Override
    public void close() {
        workers.forEach(Thread::interrupt);
        long giveUp = System.nanoTime() + STOP_LIMIT.toNanos();
        for (Thread worker : workers) {
            try {
                worker.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(giveUp - System.nanoTime())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            if (worker.isAlive()) {
                log.warn("{} is still busy after {} s and is left behind", worker.getName(), STOP_LIMIT.toSeconds());
            }
        }
    }
}
