package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Gradients stay right when the garbage collector runs between forward and backward.
 *
 * <p>With DJL's operations on numbers, or with tensors over Java buffers, autograd reads memory that the collector freed: all
 * gradients were wrong after a forced collection, and most of them with a young generation of 2 MB and no force.
 */
class GarbageCollectionTest {

    private static final int ROUNDS = 25;

    @Test
    @Timeout(120)
    void gradientsSurviveCollectionsBetweenForwardAndBackward() throws InterruptedException {
        try (ForkedJvm jvm = ForkedJvm.start(TinyYoungGeneration.class, "-Xmn2m", "-XX:+UseSerialGC")) {
            String output = jvm.readUntil("all gradients are right");
            assertThat(jvm.exitCode()).as(output).isZero();
            assertThat(output).contains("all gradients are right");
        }
    }

    /** Compares every round with PyTorch's gradients. */
    static final class TinyYoungGeneration {

        private TinyYoungGeneration() {}

        public static void main(String[] arguments) {
            Compute.on(Device.cpu()).training(() -> {
                GoldenTransformer transformer = GoldenTransformer.read();
                for (int round = 0; round < ROUNDS; round++) {
                    transformer.zeroGradients();
                    Tensor loss = transformer.loss();
                    List<ByteBuffer> garbage = collect(round);
                    loss.backward();
                    transformer.requireGoldenLoss(loss);
                    transformer.requireGoldenGradients();
                    garbage.clear();
                }
                return ROUNDS;
            });
            System.out.println("all gradients are right");
        }

        /** Frees what can be freed, and writes over it: new direct buffers take the place of the freed ones. */
        private static List<ByteBuffer> collect(int round) {
            if (round % 2 == 0) {
                System.gc();
            }
            List<ByteBuffer> garbage = new ArrayList<>();
            for (int i = 0; i < 3000; i++) {
                ByteBuffer buffer = ByteBuffer.allocateDirect(4 + 4 * (i % 512));
                while (buffer.remaining() >= Float.BYTES) {
                    buffer.putFloat(Float.NaN);
                }
                garbage.add(buffer);
            }
            return garbage;
        }
    }
}
