package dev.flowguard.cli.report;

import dev.flowguard.cli.report.RunDescription.ScorerFacts;
import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.KeptSample;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.tensor.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes a run's report and sample grids from what lies in its output folder, at any time. Not thread-safe. */
public final class RunReport {

    private static final int GRID_COLUMNS = 4;

    private final Recipe recipe;
    private final RunDirectory directory;
    private final SampleGrid grid = new SampleGrid(GRID_COLUMNS);

    /** A report of the run in that folder. */
    public RunReport(Recipe recipe, RunDirectory directory) {
        this.recipe = recipe;
        this.directory = directory;
    }

    /** Where the report is. */
    public Path file() {
        return directory.root().resolve("report.html");
    }

    /**
     * Writes the report and the grids anew.
     *
     * @throws java.io.UncheckedIOException if one cannot be written; the former one is then still there
     */
    public void write(RunStatus status) {
        List<IterationReport> lines = directory.reports();
        SampleSheet before = sheet(0, 0, directory.samplesBefore());
        IterationReport evaluated = lastEvaluated(lines);
        SampleSheet after = evaluated == null
                ? null
                : sheet(evaluated.policyVersion(), evaluated.iteration(), directory.samplesAfter());
        draw("samples/before.png", before);
        draw("samples/after.png", after);
        RunDescription run = new RunDescription(
                recipe.name(), status, recipe.iterations(), scorers(), Settings.of(recipe), before, after);
        AtomicFile.write(file(), new ReportPage(run, lines).html().getBytes(StandardCharsets.UTF_8));
    }

    private void draw(String name, @Nullable SampleSheet sheet) {
        if (sheet != null) {
            AtomicFile.write(directory.root().resolve(name), grid.draw(sheet));
        }
    }

    private List<ScorerFacts> scorers() {
        return recipe.rewards().stream()
                .map(reward -> new ScorerFacts(reward.name(), reward.proxy(), reward.weight()))
                .toList();
    }

    private static @Nullable IterationReport lastEvaluated(List<IterationReport> lines) {
        return lines.stream()
                .filter(line -> line.iteration() > 0)
                .filter(line -> !line.eval().isEmpty() || !line.incompleteEval().isEmpty())
                .reduce((first, second) -> second)
                .orElse(null);
    }

    private @Nullable SampleSheet sheet(long policyVersion, int iteration, List<KeptSample> kept) {
        if (kept.isEmpty()) {
            return null;
        }
        return new SampleSheet(
                policyVersion, iteration, kept.stream().map(this::sample).toList());
    }

    /** Scores in the order of the recipe: what is trained on usually comes first there. */
    private Sample sample(KeptSample kept) {
        Map<String, Double> scores = new LinkedHashMap<>();
        for (Recipe.Reward reward : recipe.rewards()) {
            Double score = kept.scores().get(reward.name());
            if (score != null) {
                scores.put(reward.name(), score);
            }
        }
        return new Sample(kept.prompt(), kept.seed(), scores, kept.notes(), kept.png());
    }
}
