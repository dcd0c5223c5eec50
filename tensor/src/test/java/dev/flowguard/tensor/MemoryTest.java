package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Scanner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Training needs the same memory after thousands of steps as after a few. */
class MemoryTest {

    private static final Device CPU = Device.cpu();
    private static final int WARM_UP = 500;
    private static final int STEPS = 3000;
    private static final long PAGE = 4096;

    /** One activation lost at each step would be 3000 * 24 KiB = 70 MiB. */
    private static final long GROWTH_LIMIT = 24L << 20;

    /** A heap that is in memory from the start, so that only libtorch's memory can grow. */
    @Test
    @Timeout(120)
    void trainingStepsLeaveNeitherHandlesNorMemoryBehind() throws InterruptedException {
        try (ForkedJvm jvm =
                ForkedJvm.start(TrainingLoop.class, "-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC")) {
            String output = jvm.readUntil("flat");
            assertThat(jvm.exitCode()).as(output).isZero();
            assertThat(output).contains("flat");
        }
    }

    /** Linear layers, views, attention, numbers, clipping and AdamW: what a training step is made of. */
    static final class TrainingLoop {

        private TrainingLoop() {}

        public static void main(String[] arguments) {
            Compute compute = Compute.on(CPU);
            List<Tensor> weights = compute.inference(() -> List.of(weight(0, 96), weight(1, 32)));
            try (AdamW optimizer = new AdamW(weights, AdamWConfig.withLearningRate(1e-3))) {
                train(compute, optimizer, weights, WARM_UP);
                int handles = Engine.get().manager(CPU).getManagedArrays().size();
                long resident = residentBytes();
                train(compute, optimizer, weights, STEPS);
                assertThat(Engine.get().manager(CPU).getManagedArrays()).hasSize(handles);
                assertThat(residentBytes() - resident).isLessThan(GROWTH_LIMIT);
            }
            weights.forEach(Tensor::close);
            System.out.println("flat");
        }

        private static Tensor weight(long stream, long rows) {
            return Noise.standardNormal(CPU, 1, stream, rows, 32)
                    .mul(.1)
                    .unscoped()
                    .requireGradient();
        }

        private static void train(Compute compute, AdamW optimizer, List<Tensor> weights, int steps) {
            for (int step = 0; step < steps; step++) {
                long stream = step % 16;
                compute.training(() -> step(optimizer, weights, stream));
            }
        }

        private static double step(AdamW optimizer, List<Tensor> weights, long stream) {
            Tensor x = Noise.standardNormal(CPU, 2, stream, 2, 4, 24, 32);
            Tensor y;
            try (Scope block = Scope.open()) {
                List<Tensor> qkv = Ops.linear(x, weights.get(0), null).chunk(3, -1);
                y = Ops.attention(qkv.get(0), qkv.get(1), qkv.get(2), null, false)
                        .geluTanh()
                        .mul(.5)
                        .keep();
            }
            optimizer.zeroGradients();
            Ops.linear(y, weights.get(1), null).sub(x).square().mean().backward();
            double norm = GradientClip.globalNorm(weights, 1);
            optimizer.step();
            return norm;
        }

        /** The second number of statm: pages in memory. */
        private static long residentBytes() {
            try (Scanner statm = new Scanner(Path.of("/proc/self/statm"), StandardCharsets.US_ASCII)) {
                statm.nextLong();
                return statm.nextLong() * PAGE;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
