package dev.flowguard.benchmarks.eager;

import dev.flowguard.benchmarks.Series;
import dev.flowguard.models.LoraAdapter;
import dev.flowguard.models.LoraConfig;
import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Forward and backward of an SD3 transformer with LoRA on its attention, the base frozen: FlowGuard against PyTorch eager with
 * diffusers and PEFT, on the same weights and the same batch, round by round in turn.
 *
 * <p>Exit codes: 0 measured, 1 the two sides do not compute the same, 2 something to mend.
 */
@Command(
        name = "TransformerVersusEager",
        description = "Times our forward and backward against PyTorch eager with diffusers and PEFT.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class TransformerVersusEager implements Callable<Integer> {

    /** Two fp32 implementations that order their sums differently come about 1e-6 close. */
    private static final double TOLERANCE = 1e-4;

    private static final long ADAPTER_SEED = 1;

    @Parameters(paramLabel = "PIPELINE", description = "The pipeline directory, for example recipes/quickstart/model.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path pipeline;

    @Option(
            names = "--python",
            defaultValue = "python3",
            description = "A Python with benchmarks/python/requirements.txt.")
    private String python = "python3";

    @Option(names = "--script", defaultValue = "benchmarks/python/eager.py", description = "The other side's program.")
    private Path script = Path.of("benchmarks/python/eager.py");

    @Option(names = "--threads", defaultValue = "2", description = "Threads of either side.")
    private int threads;

    @Option(names = "--rounds", defaultValue = "30", description = "Pairs of measurements.")
    private int rounds;

    @Option(names = "--passes", defaultValue = "10", description = "Forward and backward passes in one measurement.")
    private int passes;

    @Option(names = "--warm-up", defaultValue = "100", description = "Passes before the first measurement.")
    private int warmUp;

    @Option(names = "--batch", defaultValue = "12", description = "Members of the micro-batch.")
    private int batch;

    @Option(names = "--size", defaultValue = "64x32", description = "Width x height of the image in pixels.")
    private String size = "64x32";

    @Option(names = "--rank", defaultValue = "16", description = "Rank of the LoRA; alpha is twice that.")
    private int rank;

    @Option(
            names = "--context-tokens",
            defaultValue = "0",
            description = "Random context tokens; 0 for those of a prompt, as the pipelines encode it.")
    private int contextTokens;

    @Option(
            names = "--train",
            defaultValue = "lora",
            description = "What gets gradients: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Trained train = Trained.LORA;

    @Option(
            names = "--python-wait-policy",
            defaultValue = "PASSIVE",
            description = "OMP_WAIT_POLICY of the Python process; empty leaves it unset, as most users have it.")
    private String pythonWaitPolicy = "PASSIVE";

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private TransformerVersusEager() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new TransformerVersusEager())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(TransformerVersusEager::explain)
                .execute(args));
    }

    private static int explain(Exception failure, CommandLine command, CommandLine.ParseResult parsed)
            throws Exception {
        if (failure instanceof InputException) {
            command.getErr().println(failure.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
        throw failure;
    }

    @Override
    public Integer call() throws IOException {
        // Before the engine is touched, which reads it once.
        System.setProperty("flowguard.threads", String.valueOf(threads));
        int[] pixels = pixels();
        LoraConfig lora = new LoraConfig(rank, 2.0 * rank, LoraConfig.SD3_ATTENTION);
        Path folder = Files.createTempDirectory("transformer-versus-eager");
        try (StableDiffusion3Pipeline model = StableDiffusion3Pipeline.load(pipeline, Device.cpu());
                LoraAdapter adapter =
                        train == Trained.LORA ? model.transformer().attachAdapter(lora, ADAPTER_SEED) : null;
                TransformerBatch drawn = TransformerBatch.draw(model, batch, pixels[1], pixels[0], contextTokens)) {
            Map<String, Tensor> trained;
            if (adapter == null) {
                model.transformer().requireGradients();
                trained = model.transformer().parameters();
            } else {
                TransformerBatch.randomize(adapter);
                trained = adapter.parameters();
            }
            drawn.write(folder.resolve("batch.safetensors"), adapter == null ? Map.of() : trained);
            try (Contestant ours = new FlowGuardContestant(model, trained, drawn);
                    EagerContestant theirs = new EagerContestant(
                            python, script, pipeline, folder, threads, train, lora.alpha(), pythonWaitPolicy)) {
                describe(drawn, theirs);
                // Random tokens stand for themselves only.
                List<Context> contexts = contextTokens == 0 ? List.of(Context.values()) : List.of(Context.EQUAL_TOKENS);
                return compete(contexts.stream()
                        .map(context -> new Duel(ours, theirs, context, passes))
                        .toList());
            }
        } finally {
            delete(folder);
        }
    }

    private int compete(List<Duel> duels) {
        long[] peak = duels.get(0).peakBytes();
        print(
                "%-26s peak memory beyond that between passes: FlowGuard %d MiB, eager %d MiB, ratio %.3f%n",
                duels.get(0).context().title(), peak[0] >> 20, peak[1] >> 20, (double) peak[0] / peak[1]);
        for (Duel duel : duels) {
            double distance = duel.distance();
            print(
                    "%-26s loss, velocity and gradients agree to %.1e%n",
                    duel.context().title(), distance);
            if (!(distance <= TOLERANCE)) {
                print(
                        "That is more than %.0e: the two sides do not compute the same, so nothing is timed.%n",
                        TOLERANCE);
                return 1;
            }
        }
        duels.forEach(duel -> duel.warmUp(warmUp));
        for (int i = 0; i < rounds; i++) {
            duels.forEach(Duel::round);
        }
        print("%n%-26s %-6s %12s %12s   %s%n", "", "", "FlowGuard", "eager", "ratio: median (min..max)");
        for (Duel duel : duels) {
            print(duel, "wall", Seconds::wall);
            print(duel, "CPU", Seconds::cpu);
        }
        return 0;
    }

    private void print(Duel duel, String name, ToDoubleFunction<Seconds> clock) {
        Series ratio = duel.ratio(clock);
        print(
                "%-26s %-6s %9.2f ms %9.2f ms   %.3f (%.3f..%.3f)%n",
                duel.context().title(),
                name,
                1e3 * duel.ours(clock).median(),
                1e3 * duel.theirs(clock).median(),
                ratio.median(),
                ratio.min(),
                ratio.max());
    }

    private void describe(TransformerBatch drawn, EagerContestant theirs) {
        print(
                "%s: batch %d, %s pixels, %d context tokens (the last one for %d), %s%n",
                pipeline,
                batch,
                size,
                drawn.conditioning().context().size(1),
                drawn.conditioning().lastTokenCopies(),
                train == Trained.LORA ? "LoRA rank " + rank : "every parameter trained");
        print(
                "FlowGuard: Java %s, %d threads, OMP_WAIT_POLICY %s%n",
                Runtime.version().feature(), threads, System.getenv().getOrDefault("OMP_WAIT_POLICY", "default"));
        print("eager: %s%n", theirs.versions());
        print(
                "%d processors, load average %.2f; %d rounds of %d passes%n%n",
                Runtime.getRuntime().availableProcessors(),
                java.lang.management.ManagementFactory.getOperatingSystemMXBean()
                        .getSystemLoadAverage(),
                rounds,
                passes);
    }

    private int[] pixels() {
        if (!size.matches("[1-9]\\d{0,4}x[1-9]\\d{0,4}")) {
            throw new InputException("--size is '" + size + "': give width x height, such as 64x32");
        }
        return Arrays.stream(size.split("x", -1)).mapToInt(Integer::parseInt).toArray();
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void print(String format, Object... arguments) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(Locale.ROOT, format, arguments);
        out.flush();
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
