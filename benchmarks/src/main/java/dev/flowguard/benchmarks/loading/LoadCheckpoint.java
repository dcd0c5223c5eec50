package dev.flowguard.benchmarks.loading;

import dev.flowguard.benchmarks.Series;
import dev.flowguard.models.FlowPipeline;
import dev.flowguard.models.LoadOptions;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Loading a random checkpoint of Stable Diffusion 3.5 Medium's shape against reading its bytes once, round by round in turn,
 * both from the page cache.
 *
 * <p>Large weights stay in the file's pages, so that a load alone would say little: counted with it is what their first use
 * will cost, the faults on all pages of a fresh mapping.
 */
@Command(
        name = "LoadCheckpoint",
        description = "Times the loading of a checkpoint of 5 GB against reading its bytes.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class LoadCheckpoint implements Callable<Integer> {

    private static final double GIGA = 1e9;
    private static final int MEBI = 20;
    private static final int BUFFER = 1 << 20;
    private static final int PAGE = 4096;
    private static final long PIECE = 1L << 30;

    @Option(names = "--type", defaultValue = "BFLOAT16", description = "Type of the file, and what is computed in.")
    private DType type = DType.BFLOAT16;

    @Option(names = "--layers", defaultValue = "24", description = "Blocks: 24 of BFLOAT16 or 12 of FLOAT32 are 5 GB.")
    private int layers;

    @Option(names = "--rounds", defaultValue = "7", description = "Pairs of measurements.")
    private int rounds;

    @Option(names = "--folder", defaultValue = "target", description = "Where the checkpoint is written, and deleted.")
    private Path parent = Path.of("target");

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** Written so that no reading can be optimised away. */
    @SuppressWarnings("UnusedVariable")
    private volatile int touched;

    private LoadCheckpoint() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new LoadCheckpoint()).execute(arguments));
    }

    /** One round. */
    private record Round(double read, double load, double faults, long heapBytes) {

        double ratio() {
            return (load + faults) / read;
        }
    }

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Files.createDirectories(parent);
        Path folder = Files.createTempDirectory(parent, "load-checkpoint");
        try {
            RandomPipeline.write(folder, layers, type);
            Path weights = folder.resolve("transformer/diffusion_pytorch_model.safetensors");
            out.printf(
                    Locale.ROOT,
                    "%.2f GB of %s, load average %.1f%n",
                    Files.size(weights) / GIGA,
                    type,
                    ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
            read(weights);
            List<Round> measured = new ArrayList<>();
            for (int i = 0; i < rounds; i++) {
                measured.add(round(folder, weights));
            }
            report(out, measured);
        } finally {
            delete(folder);
        }
        return 0;
    }

    private Round round(Path folder, Path weights) throws IOException {
        double read = read(weights);
        System.gc();
        heapPools().forEach(MemoryPoolMXBean::resetPeakUsage);
        long begin = System.nanoTime();
        LoadOptions options = LoadOptions.on(Device.cpu()).withTypes(type, DType.FLOAT32, DType.FLOAT32);
        try (FlowPipeline unused = FlowPipeline.load(folder, options)) {
            double load = secondsSince(begin);
            long heap = heapPools().stream()
                    .mapToLong(pool -> pool.getPeakUsage().getUsed())
                    .sum();
            return new Round(read, load, touch(weights), heap);
        }
    }

    private static double read(Path file) throws IOException {
        long begin = System.nanoTime();
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        try (FileChannel channel = FileChannel.open(file)) {
            while (channel.read(buffer.clear()) >= 0) {}
        }
        return secondsSince(begin);
    }

    /** Reads a byte of every page of a mapping that nobody has used. */
    private double touch(Path file) throws IOException {
        long begin = System.nanoTime();
        int sum = 0;
        try (FileChannel channel = FileChannel.open(file)) {
            for (long from = 0; from < channel.size(); from += PIECE) {
                ByteBuffer pages =
                        channel.map(FileChannel.MapMode.READ_ONLY, from, Math.min(PIECE, channel.size() - from));
                for (int at = 0; at < pages.limit(); at += PAGE) {
                    sum += pages.get(at);
                }
            }
        }
        touched = sum;
        return secondsSince(begin);
    }

    private static void report(PrintWriter out, List<Round> rounds) throws IOException {
        print(out, "read every byte once, s", rounds.stream().map(Round::read));
        print(out, "load, s", rounds.stream().map(Round::load));
        print(out, "faults on first use, s", rounds.stream().map(Round::faults));
        print(out, "(load + faults) / read", rounds.stream().map(Round::ratio));
        print(out, "Java heap at most, MiB", rounds.stream().map(round -> (double) (round.heapBytes() >> MEBI)));
        try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
            status.filter(line -> line.matches("(RssAnon|RssFile):.*")).forEach(out::println);
        }
        out.flush();
    }

    private static void print(PrintWriter out, String name, Stream<Double> values) {
        Series series = new Series(values.toList());
        out.printf(Locale.ROOT, "%-36s %.3f (%.3f..%.3f)%n", name, series.median(), series.min(), series.max());
    }

    private static List<MemoryPoolMXBean> heapPools() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
    }

    private static double secondsSince(long nanoTime) {
        return (System.nanoTime() - nanoTime) / GIGA;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
