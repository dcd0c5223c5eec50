package dev.flowguard.cli;

import dev.flowguard.cli.report.RunComparison;
import dev.flowguard.tensor.InputException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code flowguard compare}. */
@Command(
        name = "compare",
        description =
                "Compares finished runs: proxy and gold rewards against iterations and against each other, clipping,"
                        + " samples, a table with confidence intervals. One page and its charts as PNG files.",
        mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {

    private static final Set<String> GROUPINGS = Set.of("settings", "preset", "name");

    @Parameters(paramLabel = "RUN", arity = "1..*", description = "Output folders of runs.")
    private List<Path> runs = List.of();

    @Option(
            names = "--output",
            paramLabel = "FOLDER",
            defaultValue = "comparison",
            description = "Where the page and the charts appear (default: ${DEFAULT-VALUE}).")
    private Path output = Path.of("comparison");

    @Option(
            names = "--group-by",
            paramLabel = "KEY",
            defaultValue = "settings",
            description =
                    "Which runs are one arm: those of the same settings apart from their seed, the same preset or the"
                            + " same name (settings, preset, name; default: ${DEFAULT-VALUE}).")
    private String groupBy = "settings";

    @Option(
            names = "--until",
            paramLabel = "ITERATION",
            description = "Looks at no later iteration: runs of different length, compared at the same budget.")
    private @Nullable Integer until;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (!GROUPINGS.contains(groupBy)) {
            throw new InputException("--group-by: '" + groupBy + "' is unknown; write settings, preset or name");
        }
        PrintWriter out = spec.commandLine().getOut();
        RunComparison.of(runs, groupBy, until).write(output).forEach(out::println);
        return ExitCode.OK;
    }
}
