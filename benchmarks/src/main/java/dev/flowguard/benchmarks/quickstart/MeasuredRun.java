package dev.flowguard.benchmarks.quickstart;

import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.tensor.InputException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * One run of the quickstart, on the clock of somebody who pressed Enter: second 0 is the start of the JVM.
 *
 * @param name of its folder
 * @param reports lines of {@code metrics.jsonl}, iteration 0 (the untrained policy) first
 */
record MeasuredRun(String name, ProcessFigures process, List<IterationReport> reports) {

    /** The held-out score. */
    private static final String SCORER = "ocr";

    MeasuredRun {
        reports = List.copyOf(reports);
        if (reports.size() < 2
                || reports.get(0).iteration() != 0
                || reports.get(1).iteration() != 1) {
            throw new InputException(
                    name + ": metrics.jsonl must hold iterations 0, 1, ... of one run; measure it again");
        }
    }

    static MeasuredRun read(Path folder) {
        Path name = Objects.requireNonNullElse(folder.getFileName(), folder);
        return new MeasuredRun(name.toString(), ProcessFigures.read(folder), new RunDirectory(folder).reports());
    }

    /** Held-out score of the untrained policy; empty if it was not evaluated. */
    OptionalDouble scoreBefore() {
        return score(reports.get(0));
    }

    /** The latest held-out score known after so many seconds; empty if the run had ended by then. */
    OptionalDouble scoreAfter(double seconds) {
        if (wall(last()) < seconds) {
            return OptionalDouble.empty();
        }
        return reports.stream()
                .filter(report -> wall(report) <= seconds)
                .map(MeasuredRun::score)
                .filter(OptionalDouble::isPresent)
                .reduce((earlier, later) -> later)
                .orElse(OptionalDouble.empty());
    }

    /** The held-out score at the end. */
    OptionalDouble scoreAtEnd() {
        return reports.stream()
                .map(MeasuredRun::score)
                .filter(OptionalDouble::isPresent)
                .reduce((earlier, later) -> later)
                .orElse(OptionalDouble.empty());
    }

    /** What the score has risen by after so many seconds. */
    OptionalDouble riseAfter(double seconds) {
        OptionalDouble before = scoreBefore();
        OptionalDouble after = scoreAfter(seconds);
        return before.isPresent() && after.isPresent()
                ? OptionalDouble.of(after.getAsDouble() - before.getAsDouble())
                : OptionalDouble.empty();
    }

    int iterations() {
        return last().iteration();
    }

    /** Seconds from the start of the JVM to the end of the last iteration. */
    double seconds() {
        return wall(last());
    }

    /** Largest |log r| before an iteration's first update; empty if nothing was trained. */
    OptionalDouble canary() {
        return reports.stream()
                .map(IterationReport::learning)
                .filter(Objects::nonNull)
                .map(IterationReport.Learning::canaryLogRatio)
                .filter(Objects::nonNull)
                .mapToDouble(Double::doubleValue)
                .max();
    }

    /** Seconds by phase, a mean over the iterations; the evaluation before the first one is left out. */
    Map<String, Double> secondsPerIteration() {
        Map<String, Double> phases = new LinkedHashMap<>();
        for (IterationReport report : reports.subList(1, reports.size())) {
            report.seconds().forEach((phase, seconds) -> phases.merge(phase, seconds / iterations(), Double::sum));
        }
        return phases;
    }

    private double wall(IterationReport report) {
        // The learner's clock starts after the JVM, the services and the model; both clocks know iteration 1.
        double start = process.secondsToFirstIteration() - reports.get(1).elapsed();
        return start + report.elapsed();
    }

    private IterationReport last() {
        return reports.get(reports.size() - 1);
    }

    private static OptionalDouble score(IterationReport report) {
        Double score = report.eval().get(SCORER);
        return score == null ? OptionalDouble.empty() : OptionalDouble.of(score);
    }
}
