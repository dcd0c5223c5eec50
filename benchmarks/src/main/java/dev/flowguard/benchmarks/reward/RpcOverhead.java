package dev.flowguard.benchmarks.reward;

import com.sun.management.OperatingSystemMXBean;
import dev.flowguard.benchmarks.Series;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.reward.RewardService;
import dev.flowguard.reward.ScoreItem;
import dev.flowguard.reward.ScoreOutcome;
import dev.flowguard.reward.ScorerWorker;
import dev.flowguard.reward.ocr.OcrProperties;
import dev.flowguard.reward.ocr.OcrScorer;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import javax.imageio.ImageIO;

/**
 * A batch scored through a socket against the same batch scored by calls of the scorer, in turn, in one JVM, so that CPU time counts both
 * ends of the socket.
 */
final class RpcOverhead {

    private static final double NANO = 1e9;
    /** Sparse text at its own size, as large images want it. */
    private static final OcrProperties SETTINGS = new OcrProperties(12, 1, 11, "");

    /** Rounds until the compiler knows the transport: a first call takes fifteen times as long as a twentieth. */
    private static final int WARM_UP = 20;

    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private RpcOverhead() {}

    private record Cost(double wall, double cpu) {

        static Cost of(Callable<Integer> work, int expected) throws Exception {
            long cpu = SYSTEM.getProcessCpuTime();
            long begin = System.nanoTime();
            if (work.call() != expected) {
                throw new IllegalStateException("not every image was scored");
            }
            return new Cost((System.nanoTime() - begin) / NANO, (SYSTEM.getProcessCpuTime() - cpu) / NANO);
        }
    }

    private record Round(Cost pixels, Cost files, Cost rpcOfPixels, Cost rpcOfFiles) {}

    static void run(PrintWriter out, int workers, int batch, int side, int rounds)
            throws IOException, InterruptedException {
        List<SignImages.Sign> signs = SignImages.large(batch, side);
        out.printf(
                Locale.ROOT,
                "%d images of %d x %d, %.0f KB of PNG each%n",
                batch,
                side,
                side,
                signs.stream()
                                .mapToInt(sign -> sign.png().getData().size())
                                .average()
                                .orElseThrow()
                        / 1000);
        // As the service reads them: in memory.
        ImageIO.setUseCache(false);
        ExecutorService threads = Executors.newFixedThreadPool(workers);
        try (RewardService service = RewardService.start(
                "--spring.grpc.server.port=0",
                "--spring.main.web-application-type=none",
                "--flowguard.reward.scorers=ocr",
                "--flowguard.reward.workers=" + workers,
                "--flowguard.reward.ocr.enlarge=" + SETTINGS.enlarge(),
                "--flowguard.reward.ocr.page-segmentation-mode=" + SETTINGS.pageSegmentationMode())) {
            ManagedChannel channel = NettyChannelBuilder.forTarget("localhost:" + service.grpcPort())
                    .usePlaintext()
                    .build();
            List<ScorerWorker> scorers = new ArrayList<>();
            for (int i = 0; i < workers; i++) {
                scorers.add(new OcrScorer(SETTINGS).newWorker());
            }
            List<Round> measured = new ArrayList<>();
            for (int i = 0; i < WARM_UP + rounds; i++) {
                Round round = new Round(
                        Cost.of(() -> inProcess(threads, scorers, signs, false), batch),
                        Cost.of(() -> inProcess(threads, scorers, signs, true), batch),
                        Cost.of(() -> rpc(channel, signs, SignImages.Sign::rgb8), batch),
                        Cost.of(() -> rpc(channel, signs, SignImages.Sign::png), batch));
                if (i >= WARM_UP) {
                    measured.add(round);
                }
            }
            print(out, "pixels: RPC / scorer called", measured, Round::rpcOfPixels, Round::pixels);
            print(out, "PNG files: RPC / scorer called", measured, Round::rpcOfFiles, Round::files);
            print(out, "RPC: PNG files / pixels", measured, Round::rpcOfFiles, Round::rpcOfPixels);
            channel.shutdownNow();
            scorers.forEach(ScorerWorker::close);
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            threads.shutdownNow();
        }
    }

    private static int rpc(
            ManagedChannel channel, List<SignImages.Sign> signs, Function<SignImages.Sign, EncodedImage> encoding) {
        return Call.start(channel, signs, encoding).join().scored();
    }

    private static int inProcess(
            ExecutorService threads, List<ScorerWorker> scorers, List<SignImages.Sign> signs, boolean fromFiles)
            throws InterruptedException, ExecutionException {
        Queue<SignImages.Sign> todo = new ConcurrentLinkedQueue<>(signs);
        List<Future<Integer>> parts = new ArrayList<>();
        for (ScorerWorker scorer : scorers) {
            parts.add(threads.submit(() -> {
                int scored = 0;
                SignImages.Sign sign;
                while ((sign = todo.poll()) != null) {
                    ScoreItem item = item(sign, fromFiles);
                    scored += scorer.scoreBatch(List.of(item)).get(0) instanceof ScoreOutcome.Scored ? 1 : 0;
                }
                return scored;
            }));
        }
        int scored = 0;
        for (Future<Integer> part : parts) {
            scored += part.get();
        }
        return scored;
    }

    private static ScoreItem item(SignImages.Sign sign, boolean fromFile) {
        try {
            return new ScoreItem(
                    fromFile ? ImageIO.read(sign.png().getData().newInput()) : sign.image(), sign.prompt());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Side {
        Cost of(Round round);
    }

    private static void print(PrintWriter out, String name, List<Round> rounds, Side dearer, Side cheaper) {
        Series wall = new Series(rounds.stream()
                .map(round -> dearer.of(round).wall() / cheaper.of(round).wall())
                .toList());
        Series cpu = new Series(rounds.stream()
                .map(round -> dearer.of(round).cpu() / cheaper.of(round).cpu())
                .toList());
        Series seconds = new Series(
                rounds.stream().map(round -> cheaper.of(round).wall()).toList());
        out.printf(
                Locale.ROOT,
                "%-36s wall %.3f (%.3f..%.3f), CPU %.3f (%.3f..%.3f); the latter %.2f s%n",
                name,
                wall.median(),
                wall.min(),
                wall.max(),
                cpu.median(),
                cpu.min(),
                cpu.max(),
                seconds.median());
        out.flush();
    }
}
