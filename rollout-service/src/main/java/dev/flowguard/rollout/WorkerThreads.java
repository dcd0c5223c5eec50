package dev.flowguard.rollout;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The worker's threads. Their queues need no bound of their own: credits bound the groups, and groups bound the tasks.
 *
 * @param engine one thread: the only one that touches the model
 * @param finishing one thread a group that is scored and handed in
 * @param scoring one thread a group and endpoint
 * @param fetching one thread: fetches policies
 */
record WorkerThreads(
        ExecutorService engine, ExecutorService finishing, ExecutorService scoring, ExecutorService fetching) {

    static WorkerThreads forGroups(int groupsInFlight) {
        return new WorkerThreads(
                Executors.newSingleThreadExecutor(named("rollout-engine")),
                Executors.newFixedThreadPool(groupsInFlight, named("rollout-finish")),
                Executors.newCachedThreadPool(named("rollout-score")),
                Executors.newSingleThreadExecutor(named("rollout-policy")));
    }

    /** Ends all threads; the engine's last tasks still run. */
    void stop(Duration limit) throws InterruptedException {
        List.of(fetching, finishing, scoring).forEach(ExecutorService::shutdownNow);
        engine.shutdown();
        if (!engine.awaitTermination(limit.toNanos(), TimeUnit.NANOSECONDS)) {
            engine.shutdownNow();
        }
    }

    private static ThreadFactory named(String name) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
