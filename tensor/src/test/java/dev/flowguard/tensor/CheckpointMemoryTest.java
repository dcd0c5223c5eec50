package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checkpointing is there to save memory, so that is measured: by what the operating system says of a process of its own. */
class CheckpointMemoryTest {

    @Test
    @Timeout(60)
    void aCheckpointedChainTakesAFractionOfTheMemory() throws InterruptedException {
        try (ForkedJvm jvm =
                ForkedJvm.start(Chain.class, "-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC")) {
            String output = jvm.readUntil("measured");
            assertThat(jvm.exitCode()).as(output).isZero();
            assertThat(output).contains("measured");
        }
    }

    /** 16 blocks, each of which keeps five tensors of 4 MiB for backward. */
    static final class Chain {

        private static final int BLOCKS = 16;
        private static final Device CPU = Device.cpu();

        private Chain() {}

        public static void main(String[] arguments) {
            Compute compute = Compute.on(CPU);
            float warmUp = compute.training(() -> pass(false, 1));
            long before = peakBytes();
            float checkpointed = compute.training(() -> pass(true, BLOCKS));
            long withCheckpoints = peakBytes() - before;
            float plain = compute.training(() -> pass(false, BLOCKS));
            long without = peakBytes() - before;
            assertThat(checkpointed).isEqualTo(plain).isNotEqualTo(warmUp);
            assertThat(without).isGreaterThan((3L * 5 * BLOCKS) << 20);
            assertThat(withCheckpoints).isLessThan(without / 3);
            System.out.println("measured " + withCheckpoints + " and " + without);
        }

        private static float pass(boolean checkpointing, int blocks) {
            Tensor leaf = Noise.standardNormal(CPU, 1, 0, 1024, 1024).requireGradient();
            chain(leaf, checkpointing, blocks).sum().backward();
            Tensor gradient = leaf.gradient();
            return gradient == null ? Float.NaN : gradient.square().sum().item();
        }

        /** In a scope, as a network's forward pass is: nobody but the tape holds what is between blocks. */
        private static Tensor chain(Tensor leaf, boolean checkpointing, int blocks) {
            try (Scope scope = Scope.open()) {
                Tensor x = leaf;
                for (int i = 0; i < blocks; i++) {
                    x = (checkpointing ? Autograd.checkpoint(List.of(x), Chain::block) : block(List.of(x))).get(0);
                }
                return x.keep();
            }
        }

        private static List<Tensor> block(List<Tensor> in) {
            try (Scope scope = Scope.open()) {
                Tensor x = in.get(0);
                for (int i = 0; i < 5; i++) {
                    x = x.geluTanh();
                }
                return List.of(x.keep());
            }
        }

        /** VmHWM: the most that was ever resident. */
        private static long peakBytes() {
            try {
                return Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("VmHWM:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                        .findFirst()
                        .orElseThrow();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
