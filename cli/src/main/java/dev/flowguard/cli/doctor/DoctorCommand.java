package dev.flowguard.cli.doctor;

import dev.flowguard.cli.Finding;
import dev.flowguard.cli.Logs;
import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RecipeLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code flowguard doctor}: whether a run can be, and what it takes. */
@Command(
        name = "doctor",
        description = "Says before a run whether it can be, and how much memory it takes. Loads no weights.",
        mixinStandardHelpOptions = true,
        footer = {"", "Exit code 0: all is well, 1: look at the warnings, 2: the run cannot be."})
public final class DoctorCommand implements Callable<Integer> {

    @Parameters(paramLabel = "RECIPE", description = "The run file, for example recipes/quickstart.yaml.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path recipe;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description = "Look at a run by this algorithm instead of the recipe's, as train --preset would begin it.")
    private @Nullable String preset;

    @Option(
            names = "--pipeline",
            paramLabel = "FOLDER",
            description = "The base model: a diffusers pipeline folder, instead of the recipe's. Its config.json files"
                    + " suffice.")
    private @Nullable Path pipeline;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Judge by so much memory, such as 80GiB, instead of this machine's.")
    private @Nullable ByteSize memory;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Logs.warningsOnly();
        Recipe run = RecipeLoader.load(recipe, new Overrides(preset, null, null, null, pipeline, Map.of()));
        Machine machine = Machine.planned(memory);
        List<Finding> findings = new Checkup(run, machine).look();
        DoctorReport report = new DoctorReport(spec.commandLine().getOut());
        report.findings(findings);
        report.memory(MemoryForecast.of(run), machine);
        return findings.stream()
                .mapToInt(finding -> exitCode(finding.verdict()))
                .max()
                .orElse(0);
    }

    private static int exitCode(Finding.Verdict worst) {
        return switch (worst) {
            case OK -> 0;
            case WARNING -> 1;
            case FAILED -> 2;
        };
    }
}
