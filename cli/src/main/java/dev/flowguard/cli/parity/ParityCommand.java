package dev.flowguard.cli.parity;

import dev.flowguard.cli.Logs;
import dev.flowguard.models.LoadOptions;
import dev.flowguard.models.PipelineFolder;
import dev.flowguard.tensor.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code flowguard parity}. Exit codes: 0 all agree, 1 some do not, 2 something to mend. */
@Command(
        name = "parity",
        description =
                "Compares what FlowGuard computes with a checkpoint to what diffusers and transformers computed with it.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "tools/parity/make_reference.py writes the reference of any diffusers pipeline folder. Differences are relative to"
                    + " an entry's largest element."
        })
public final class ParityCommand implements Callable<Integer> {

    @Parameters(paramLabel = "PIPELINE", description = "The pipeline folder, as save_pretrained writes it.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path pipeline;

    @Parameters(
            paramLabel = "REFERENCE",
            description = "Inputs, outputs and gradients of its components, in one safetensors file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path reference;

    @Option(
            names = "--tolerance",
            paramLabel = "X",
            defaultValue = "1e-4",
            description = "Largest relative difference of an output (default: ${DEFAULT-VALUE}).")
    private double tolerance = 1e-4;

    @Option(
            names = "--gradient-tolerance",
            paramLabel = "X",
            defaultValue = "1e-3",
            description = "Largest relative difference of a gradient (default: ${DEFAULT-VALUE}).")
    private double gradientTolerance = 1e-3;

    @Option(
            names = "--component",
            paramLabel = "NAME",
            description = "Compare this one only, such as transformer or vae.encode; may be given several times.")
    private @Nullable List<String> components;

    @Option(
            names = "--device",
            defaultValue = "cpu",
            description = "Where to compute: cpu, cuda or cuda:N (default: ${DEFAULT-VALUE}).")
    private String device = "cpu";

    @Option(
            names = "--variant",
            paramLabel = "NAME",
            description = "Read the weights of this variant, as from_pretrained(variant=...) does: fp16, for instance.")
    private @Nullable String variant;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the table there too, as JSON.")
    private @Nullable Path json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Logs.warningsOnly();
        Tolerances tolerances = new Tolerances(tolerance, gradientTolerance);
        LoadOptions options = LoadOptions.on(Device.parse(device)).withVariant(variant);
        PipelineFolder folder = PipelineFolder.open(pipeline);
        try (ReferenceFile file = ReferenceFile.open(reference)) {
            // Everything that is wrong with the file is said before gigabytes of weights are read.
            List<ComponentCheck> checks = new ArrayList<>();
            for (String name : components == null ? file.components() : components) {
                file.of(name);
                checks.add(ComponentCheck.prepare(folder, file, name, tolerances));
            }
            ParityReport report = new ParityReport(
                    spec.commandLine().getOut(),
                    checks.stream().mapToInt(ComponentCheck::longestName).max().orElse(0));
            // One component at a time: together they may not fit into memory.
            checks.forEach(check -> check.run(options, report::add));
            report.printSummary();
            if (json != null) {
                report.write(json, pipeline, reference);
            }
            return report.passed() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }
}
