package dev.flowguard.learner;

import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.training.RunListener;
import dev.flowguard.learner.training.RunOutcome;
import dev.flowguard.learner.training.RunPlan;
import dev.flowguard.learner.training.TrainingSession;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;

/**
 * The run of this process: begins when the application is ready, on a thread of its own, and is stopped when the application
 * closes, before the gRPC server is, so that workers hear that the run is over.
 */
public final class LearnerRun {
    private static final Logger log = LoggerFactory.getLogger(LearnerRun.class);

    private final TrainingSession session;
    private final List<RunListener> listeners;
    private final Duration tick;
    private final Duration stopWithin;
    private final CompletableFuture<RunOutcome> outcome = new CompletableFuture<>();
    private final AtomicBoolean started = new AtomicBoolean();

    /**
     * @param tick pause between two looks for overdue leases
     * @param stopWithin how long a stop may take: at most the rest of an update, and the writing of the adapter
     */
    LearnerRun(TrainingSession session, List<RunListener> listeners, Duration tick, Duration stopWithin) {
        this.session = session;
        this.listeners = List.copyOf(listeners);
        this.tick = tick;
        this.stopWithin = stopWithin;
    }

    /** The recipe of the run, complete. */
    public Recipe recipe() {
        return session.recipe();
    }

    /** How many iterations are done in all. */
    public int iterationsDone() {
        return session.iterationsDone();
    }

    /** Completes when the run is over and its output folder complete; exceptionally only by an error of the JVM. */
    public CompletionStage<RunOutcome> outcome() {
        return outcome.minimalCompletionStage();
    }

    /** Asks the run to stop after the iteration that it is in. Returns at once; {@link #outcome} tells when it has. */
    public void requestStop() {
        session.requestStop();
    }

    @EventListener(ApplicationReadyEvent.class)
    void start() {
        if (started.compareAndSet(false, true)) {
            new Thread(this::run, "learner").start();
        }
    }

    private void run() {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "learner-leases");
            thread.setDaemon(true);
            return thread;
        });
        try {
            ScheduledFuture<?> unused =
                    timer.scheduleWithFixedDelay(this::tick, tick.toNanos(), tick.toNanos(), TimeUnit.NANOSECONDS);
            outcome.complete(session.run(new Everybody(listeners)));
        } catch (RuntimeException | Error e) {
            outcome.completeExceptionally(e);
            throw e;
        } finally {
            timer.shutdownNow();
        }
    }

    private void tick() {
        try {
            session.tick();
        } catch (RuntimeException e) {
            // The timer would silently stop: no lease would ever expire again.
            log.error("looking for overdue leases failed", e);
        }
    }

    @EventListener(ContextClosedEvent.class)
    void stop() {
        if (!started.get()) {
            return;
        }
        session.requestStop();
        try {
            outcome.get(stopWithin.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException e) {
            log.error(
                    "the run has not stopped within {} s; what is unsaved since the last checkpoint is lost",
                    stopWithin.toSeconds());
        } catch (ExecutionException e) {
            log.error("the run ended in an error", e);
        }
    }

    /** Tells every listener; one that fails must not end the run. */
    private record Everybody(List<RunListener> listeners) implements RunListener {
        @Override
        public void runStarted(RunPlan plan) {
            tell(listener -> listener.runStarted(plan));
        }

        @Override
        public void iterationFinished(IterationReport report) {
            tell(listener -> listener.iterationFinished(report));
        }

        @Override
        public void runEnded(RunOutcome outcome) {
            tell(listener -> listener.runEnded(outcome));
        }

        private void tell(Consumer<RunListener> event) {
            for (RunListener listener : listeners) {
                try {
                    event.accept(listener);
                } catch (RuntimeException e) {
                    log.error("a listener of the run failed", e);
                }
            }
        }
    }
}
