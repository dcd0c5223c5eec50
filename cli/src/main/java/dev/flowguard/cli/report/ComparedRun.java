package dev.flowguard.cli.report;

import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.KeptSample;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A finished run as its folder describes it. Nothing but the folder is looked at, so that runs of other machines can be
 * compared.
 *
 * @param folder as the user named it
 * @param settings by dotted key
 * @param rewards in the order of the recipe
 * @param rows its evaluations and iterations
 * @param before images of the untrained policy
 * @param after images of the last policy
 */
record ComparedRun(
        Path folder,
        Map<String, String> settings,
        List<ComparedReward> rewards,
        List<IterationReport> rows,
        List<KeptSample> before,
        List<KeptSample> after) {

    private static final YAMLMapper YAML = YAMLMapper.builder().build();

    /** A reward as the comparison sees it. */
    record ComparedReward(String name, String scorer, boolean gold, double weight) {}

    /**
     * Reads a run's folder.
     *
     * @throws InputException if it is none, is damaged or is not finished
     */
    static ComparedRun read(Path folder) {
        RunDirectory directory = new RunDirectory(folder);
        if (!Files.isRegularFile(directory.recipe()) || !Files.isRegularFile(directory.metrics())) {
            throw new InputException(folder + ": is no run's output folder: it lacks recipe.yaml or metrics.jsonl;"
                    + " name the folder that `flowguard train` wrote");
        }
        JsonNode recipe;
        try {
            recipe = YAML.readTree(Files.readString(directory.recipe()));
        } catch (IOException | JacksonException e) {
            throw new InputException(directory.recipe() + ": cannot be read (" + e.getMessage() + "); restore it", e);
        }
        List<ComparedReward> rewards = new ArrayList<>();
        for (JsonNode reward : recipe.path("rewards")) {
            rewards.add(new ComparedReward(
                    reward.path("name").asString(""),
                    reward.path("scorer").asString(""),
                    reward.path("role").asString("proxy").equals("gold"),
                    reward.path("weight").asDouble(1)));
        }
        List<IterationReport> rows = directory.reports();
        requireFinished(folder, rows, recipe.path("iterations").asInt());
        return new ComparedRun(
                folder, Settings.of(recipe), rewards, rows, directory.samplesBefore(), directory.samplesAfter());
    }

    /**
     * The run as it was after an iteration; its last images are gone if they are later ones.
     *
     * @throws InputException if it has not come so far
     */
    ComparedRun until(int iteration) {
        int last = rows.get(rows.size() - 1).iteration();
        if (last < iteration) {
            throw new InputException(
                    folder + ": has done " + last + " iterations; leave it out, or compare until " + last);
        }
        return new ComparedRun(
                folder,
                settings,
                rewards,
                rows.stream().filter(row -> row.iteration() <= iteration).toList(),
                before,
                last == iteration ? after : List.of());
    }

    private static void requireFinished(Path folder, List<IterationReport> rows, int planned) {
        int done = rows.isEmpty() ? 0 : rows.get(rows.size() - 1).iteration();
        boolean halted = !rows.isEmpty()
                && "stop".equals(rows.get(rows.size() - 1).oversight().action());
        if (rows.isEmpty() || (done < planned && !halted)) {
            throw new InputException(folder + ": has done " + done + " of " + planned
                    + " iterations; finish it with --resume, or leave it out");
        }
    }

    String setting(String key) {
        return settings.getOrDefault(key, "");
    }

    /** The weighted sum of the held-out means of what is trained on; empty where that was not measured whole. */
    OptionalDouble proxy(IterationReport row) {
        double sum = 0;
        for (ComparedReward reward : rewards) {
            Double mean = row.eval().get(reward.name());
            if (!reward.gold()) {
                if (mean == null) {
                    return OptionalDouble.empty();
                }
                sum += reward.weight() * mean;
            }
        }
        return OptionalDouble.of(sum);
    }

    /** Lines with a whole evaluation of the proxy. */
    List<IterationReport> evaluations() {
        return rows.stream().filter(row -> proxy(row).isPresent()).toList();
    }
}
