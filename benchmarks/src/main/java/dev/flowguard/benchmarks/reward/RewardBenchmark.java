package dev.flowguard.benchmarks.reward;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What the reward service does under load, by the scorer {@code ocr}. */
@Command(
        name = "RewardBenchmark",
        description = "Measures the reward service: images a second, the price of the RPC, overload.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class RewardBenchmark implements Callable<Integer> {

    /** What is measured. */
    enum Part {
        THROUGHPUT,
        OVERHEAD,
        OVERLOAD
    }

    @Parameters(paramLabel = "PART", description = "One of ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Part part;

    @Option(names = "--rounds", defaultValue = "6", description = "Pairs of measurements (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--seconds",
            defaultValue = "10",
            description = "Length of each measurement; of overload in each round (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--batch", defaultValue = "24", description = "Images in a call (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(
            names = "--side",
            defaultValue = "512",
            description = "Side of OVERHEAD's images (default: ${DEFAULT-VALUE}).")
    private int side;

    @Option(names = "--workers", defaultValue = "2", description = "Threads that score (default: ${DEFAULT-VALUE}).")
    private int workers;

    @Option(
            names = "--times",
            defaultValue = "5",
            description = "OVERLOAD's load, in capacities (default: ${DEFAULT-VALUE}).")
    private double times;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private RewardBenchmark() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new RewardBenchmark())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                Locale.ROOT,
                "load average %.1f%n",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        switch (part) {
            case THROUGHPUT -> Overload.throughput(out, workers, batch, rounds, seconds);
            case OVERLOAD -> Overload.run(out, workers, batch, rounds, seconds, times);
            case OVERHEAD -> RpcOverhead.run(out, workers, batch, side, rounds);
        }
        return 0;
    }
}
