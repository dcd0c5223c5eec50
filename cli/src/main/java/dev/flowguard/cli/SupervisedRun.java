package dev.flowguard.cli;

import dev.flowguard.learner.LearnerRun;
import dev.flowguard.learner.training.RunOutcome;
import dev.flowguard.rollout.WorkerEnd;
import dev.flowguard.tensor.InputException;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.ZoneId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ConfigurableApplicationContext;
import picocli.CommandLine.ExitCode;

/** A learner's run in this JVM: watched, stopped by signals, followed to its end. */
final class SupervisedRun {

    private final PrintWriter err;
    private final RunWatcher watcher;
    private final CompletableFuture<LearnerRun> learner = new CompletableFuture<>();
    private volatile @Nullable WorkerEnd refusal;

    SupervisedRun(PrintWriter out, PrintWriter err) {
        this.err = err;
        this.watcher =
                new RunWatcher(Clock.system(ZoneId.systemDefault()), Boolean.getBoolean("flowguard.terminal"), out);
    }

    /** Shows a warning of the services in this process. */
    void warn(String warning) {
        watcher.warn(warning);
    }

    /** Prepares a learner's context. */
    void watch(ConfigurableApplicationContext context) {
        context.getBeanFactory().registerSingleton("runWatcher", watcher);
        context.addApplicationListener(
                (ApplicationReadyEvent ready) -> learner.complete(context.getBean(LearnerRun.class)));
    }

    /** From now on a signal asks the run to stop, or will as soon as there is one. */
    StopSignals stopOnSignals() {
        return StopSignals.install(this::stop, err);
    }

    private void stop() {
        CompletableFuture<?> unused = learner.thenAccept(LearnerRun::requestStop);
    }

    /** A worker of this process has ended by itself: if it cannot serve the run, there is nobody else to wait for. */
    void workerEnded(WorkerEnd end) {
        if (!end.runOver()) {
            refusal = end;
            stop();
        }
    }

    /**
     * Waits for the end of the run and says how it was.
     *
     * @return the exit code
     * @throws RuntimeException what made the run fail
     */
    int await(StopSignals signals) {
        RunOutcome outcome = learner.join().outcome().toCompletableFuture().join();
        watcher.summarize(outcome);
        if (refusal != null) {
            throw new InputException(refusal.reason());
        }
        Throwable cause = outcome.cause();
        if (cause != null) {
            throw cause instanceof RuntimeException failure ? failure : new CompletionException(cause);
        }
        return signals.exitCode().orElse(outcome.status() == RunOutcome.Status.HALTED ? Main.HALTED : ExitCode.OK);
    }
}
