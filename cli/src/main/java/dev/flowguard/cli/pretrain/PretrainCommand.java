package dev.flowguard.cli.pretrain;

import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.ocr.OcrProperties;
import dev.flowguard.reward.ocr.OcrScorer;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.ShutdownHold;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code flowguard pretrain}. */
@Command(
        name = "pretrain",
        description = "Makes the quickstart's base model from nothing: a small Stable Diffusion 3 pipeline that draws"
                + " four-letter signs and misspells them.",
        mixinStandardHelpOptions = true,
        subcommands = ReferencesCommand.class)
public final class PretrainCommand implements Callable<Integer> {

    private static final int INTERRUPTED = 130;

    @Option(
            names = "--output-dir",
            defaultValue = "output/pretrain",
            description = "Where the pipeline directory appears (default: ${DEFAULT-VALUE}).")
    private Path outputDir = Path.of("output/pretrain");

    @Option(
            names = "--held-out",
            defaultValue = "recipes/quickstart/held-out.txt",
            description = "Prompts that are tested and never trained on (default: ${DEFAULT-VALUE}).")
    private Path heldOut = Path.of("recipes/quickstart/held-out.txt");

    @Option(
            names = "--target-score",
            defaultValue = "0.5",
            description = "Stop when held-out words reach this OCR score in crisp letters (default: ${DEFAULT-VALUE}).")
    private double targetScore = .5;

    @Option(
            names = "--seed",
            defaultValue = "0",
            description = "Seed of everything random (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--resume", description = "Go on where an interrupted run in the same output directory stopped.")
    private boolean resume;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (!(targetScore > 0 && targetScore < 1)) {
            throw new InputException("--target-score: " + targetScore + " is outside (0, 1): try 0.5");
        }
        List<String> prompts = heldOutPrompts();
        Path state = outputDir.resolve("training");
        prepare(state);
        AtomicBoolean interrupted = new AtomicBoolean();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> interrupted.set(true), "pretrain-stop"));
        PrintWriter out = spec.commandLine().getOut();
        // The end of the process waits until the state is saved.
        try (ShutdownHold hold = ShutdownHold.open();
                ConsoleProgress progress = new ConsoleProgress(outputDir);
                ScorerWorker reader = new OcrScorer(new OcrProperties(12, 3, 7, WordWorld.ALPHABET)).newWorker()) {
            Compute compute = Compute.on(Device.cpu());
            Pretraining pretraining =
                    new Pretraining(compute, reader, prompts, targetScore, seed, state, progress, interrupted::get);
            if (!pretraining.run(outputDir.resolve("pipeline"))) {
                out.println("Interrupted; the state is saved. Go on with --resume.");
                return INTERRUPTED;
            }
        }
        out.println("The pipeline is in " + outputDir.resolve("pipeline"));
        return 0;
    }

    private List<String> heldOutPrompts() {
        try {
            List<String> prompts = Files.readAllLines(heldOut).stream()
                    .filter(line -> !line.isBlank())
                    .toList();
            if (prompts.isEmpty()) {
                throw new InputException(heldOut + ": no prompt in it: write one a line");
            }
            return prompts;
        } catch (IOException e) {
            throw new InputException(
                    heldOut + ": cannot be read (" + e.getMessage() + "): name a text file with --held-out", e);
        }
    }

    private void prepare(Path state) {
        try {
            if (!resume && Files.isDirectory(state)) {
                try (var files = Files.list(state)) {
                    if (files.findAny().isPresent()) {
                        throw new InputException(outputDir + ": holds an interrupted run: go on with --resume, or name"
                                + " another --output-dir");
                    }
                }
            }
            Files.createDirectories(state);
        } catch (IOException e) {
            throw new InputException(
                    outputDir + ": cannot be written (" + e.getMessage() + "): name another --output-dir", e);
        }
    }
}
