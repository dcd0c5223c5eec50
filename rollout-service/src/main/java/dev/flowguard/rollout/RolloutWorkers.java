package dev.flowguard.rollout;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.springframework.context.SmartLifecycle;

/**
 * The workers of this process, one a device: each has a session with the learner, a model and an engine thread of its own, and
 * the learner spreads groups over them as over workers anywhere. Thread-safe.
 */
public final class RolloutWorkers implements SmartLifecycle {

    private final List<RolloutWorker> workers;

    RolloutWorkers(List<RolloutWorker> workers) {
        this.workers = List.copyOf(workers);
    }

    /** Completes when the run is over for all, or one turns out not to be able to serve it; not when they are stopped. */
    public CompletionStage<WorkerEnd> end() {
        return workers.stream()
                .map(RolloutWorker::end)
                .reduce(RolloutWorkers::both)
                .orElseThrow();
    }

    private static CompletionStage<WorkerEnd> both(CompletionStage<WorkerEnd> one, CompletionStage<WorkerEnd> other) {
        return oneThen(one, other).applyToEither(oneThen(other, one), Function.identity());
    }

    /** A run that is over for one goes on until it is for the other. */
    private static CompletionStage<WorkerEnd> oneThen(
            CompletionStage<WorkerEnd> one, CompletionStage<WorkerEnd> other) {
        return one.thenCompose(end -> end.runOver() ? other : CompletableFuture.completedStage(end));
    }

    @Override
    public void start() {
        workers.forEach(RolloutWorker::start);
    }

    /** Stops all at once: each may take its drain timeout. */
    @Override
    public void stop() {
        CompletableFuture.allOf(workers.stream()
                        .map(worker -> CompletableFuture.runAsync(
                                worker::stop, task -> new Thread(task, "rollout-stop").start()))
                        .toArray(CompletableFuture<?>[]::new))
                .join();
    }

    @Override
    public boolean isRunning() {
        return workers.stream().anyMatch(RolloutWorker::isRunning);
    }

    /** Where each stands. */
    List<WorkerStatus> statuses() {
        return workers.stream().map(RolloutWorker::status).toList();
    }
}
