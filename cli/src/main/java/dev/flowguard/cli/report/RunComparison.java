package dev.flowguard.cli.report;

import com.google.protobuf.ByteString;
import dev.flowguard.learner.output.KeptSample;
import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Compares finished runs: one HTML page that needs nothing else, and its charts as PNG files. */
public final class RunComparison {

    private static final int GRID_COLUMNS = 4;

    private final Comparison comparison;

    private RunComparison(Comparison comparison) {
        this.comparison = comparison;
    }

    /**
     * Reads the runs.
     *
     * @param folders output folders of runs
     * @param groupBy {@code settings}: runs that differ in their seed alone are one arm; {@code preset} or {@code name}: those
     *     of the same preset or name are
     * @param until the last iteration to look at; null: all of each run's
     * @throws InputException if one of them is no finished run, or they have different rewards
     */
    public static RunComparison of(List<Path> folders, String groupBy, @Nullable Integer until) {
        Set<Path> distinct = new LinkedHashSet<>();
        folders.forEach(folder -> distinct.add(folder.toAbsolutePath().normalize()));
        List<ComparedRun> runs = distinct.stream()
                .map(ComparedRun::read)
                .map(run -> until == null ? run : run.until(until))
                .toList();
        for (ComparedRun run : runs) {
            if (!run.rewards().equals(runs.get(0).rewards())) {
                throw new InputException(runs.get(0).folder() + " has the rewards " + rewards(runs.get(0)) + ", "
                        + run.folder() + " has " + rewards(run) + "; compare runs of the same rewards");
            }
            if (run.evaluations().isEmpty()) {
                throw new InputException(
                        run.folder() + ": has no whole evaluation; there is nothing to compare, leave it out");
            }
        }
        return new RunComparison(new Comparison(Arm.of(runs, Arm.Grouping.valueOf(groupBy.toUpperCase(Locale.ROOT)))));
    }

    private static String rewards(ComparedRun run) {
        return run.rewards().stream()
                .map(reward -> reward.name() + (reward.gold() ? " (gold)" : " (" + reward.weight() + ")"))
                .collect(Collectors.joining(", "));
    }

    /**
     * Writes the page and the pictures.
     *
     * @return everything that was written, the page first
     */
    public List<Path> write(Path folder) {
        List<Path> written = new ArrayList<>();
        Path page = folder.resolve("comparison.html");
        AtomicFile.write(page, new ComparisonPage(comparison).html().getBytes(StandardCharsets.UTF_8));
        written.add(page);
        new ComparisonCharts(comparison).draw().forEach((name, png) -> {
            Path file = folder.resolve(name + ".png");
            AtomicFile.write(file, png);
            written.add(file);
        });
        SampleGrid grid = new SampleGrid(GRID_COLUMNS);
        for (Arm arm : comparison.arms()) {
            ComparedRun run = arm.runs().get(0);
            if (!run.after().isEmpty()) {
                Path file = folder.resolve("samples-" + fileName(arm.label()) + ".png");
                AtomicFile.write(file, grid.draw(sheet(run)));
                written.add(file);
            }
        }
        return written;
    }

    static String fileName(String label) {
        return label.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.-]+", "-");
    }

    private static SampleSheet sheet(ComparedRun run) {
        return new SampleSheet(
                0, 0, run.after().stream().map(RunComparison::sample).toList());
    }

    private static Sample sample(KeptSample kept) {
        ByteString png = kept.png();
        return new Sample(kept.prompt(), kept.seed(), kept.scores(), kept.notes(), png);
    }
}
