package dev.flowguard.cli;

import dev.flowguard.cli.report.RunReport;
import dev.flowguard.cli.report.RunStatus;
import dev.flowguard.cli.report.ScoreText;
import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.training.RunListener;
import dev.flowguard.learner.training.RunOutcome;
import dev.flowguard.learner.training.RunPlan;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Shows a run while it goes on: a progress line, warnings, and a report that is renewed with every evaluation. Thread-safe. */
final class RunWatcher implements RunListener {

    private final Clock clock;
    private final boolean terminal;
    private final PrintWriter out;
    private final RemainingTime remaining = new RemainingTime();
    private final Map<String, Double> eval = new LinkedHashMap<>();
    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private @Nullable RunPlan plan;
    private @Nullable RunReport report;
    private @Nullable RunProgress progress;

    RunWatcher(Clock clock, boolean terminal, PrintWriter out) {
        this.clock = clock;
        this.terminal = terminal;
        this.out = out;
    }

    @Override
    public synchronized void runStarted(RunPlan started) {
        plan = started;
        report = new RunReport(started.recipe(), started.directory());
        out.println(String.format(
                Locale.ROOT,
                "%s: %s, %,d numbers to train, into %s",
                started.recipe().name(),
                started.recipe().preset(),
                started.adapterParameters(),
                started.directory().root()));
        progress = RunProgress.on(terminal, out, started.recipe().iterations(), started.firstIteration());
    }

    @Override
    public synchronized void iterationFinished(IterationReport line) {
        line.seconds().forEach((phase, time) -> seconds.merge(phase, time, Double::sum));
        eval.putAll(line.eval());
        if (plan == null || progress == null || report == null) {
            return;
        }
        int iterations = plan.recipe().iterations();
        progress.show(new ProgressUpdate(
                line.iteration(),
                iterations,
                means(line),
                eval,
                remaining.after(line.iteration(), iterations, System.nanoTime())));
        if (!line.eval().isEmpty() && line.iteration() < iterations) {
            report.write(RunStatus.RUNNING);
        }
    }

    private static Map<String, Double> means(IterationReport line) {
        Map<String, Double> means = new LinkedHashMap<>();
        line.rewards().forEach((name, spread) -> means.put(name, spread.mean()));
        return means;
    }

    @Override
    public synchronized void runEnded(RunOutcome outcome) {
        if (progress != null) {
            progress.close();
            progress = null;
        }
        if (report != null) {
            report.write(
                    switch (outcome.status()) {
                        case FINISHED -> RunStatus.FINISHED;
                        case STOPPED -> RunStatus.INTERRUPTED;
                        case HALTED -> RunStatus.HALTED;
                        case FAILED -> RunStatus.FAILED;
                    });
        }
    }

    /** Shows a warning while the run goes on. What is wrong before that or ends it is told otherwise. */
    synchronized void warn(String warning) {
        if (progress != null) {
            progress.note("[%s] %s".formatted(LocalTime.now(clock).truncatedTo(ChronoUnit.SECONDS), warning));
        }
    }

    /** Says how it ended, where the time went, and where everything is. */
    synchronized void summarize(RunOutcome outcome) {
        if (outcome.status() != RunOutcome.Status.FAILED) {
            out.println(outcome.message());
        }
        if (plan == null || report == null) {
            return;
        }
        printHeldOut(plan);
        out.println(TimeTable.of(seconds));
        printPath("report", report.file());
        printPath("adapter", plan.directory().adapter());
        printPath("average", plan.directory().emaAdapter());
    }

    /** A run that failed early has not written everything. */
    private void printPath(String name, Path path) {
        if (Files.exists(path)) {
            out.println(String.format(Locale.ROOT, "%-8s %s", name, path));
        }
    }

    private void printHeldOut(RunPlan finished) {
        List<IterationReport> lines = finished.directory().reports();
        for (Recipe.Reward reward : finished.recipe().rewards()) {
            List<Double> scores = lines.stream()
                    .map(line -> line.eval().get(reward.name()))
                    .filter(Objects::nonNull)
                    .toList();
            if (scores.size() > 1) {
                out.println("held out " + reward.name() + " " + ScoreText.of(scores.get(0)) + " → "
                        + ScoreText.of(scores.get(scores.size() - 1)));
            }
        }
    }
}
