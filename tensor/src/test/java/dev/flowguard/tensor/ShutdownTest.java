package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A signal in the middle of a backward ends the process in order: it used to be a segmentation fault, 4 of 4 times. */
class ShutdownTest {

    private static final int TERMINATED = 143;
    private static final Device CPU = Device.cpu();

    @Test
    @Timeout(120)
    void sigtermWaitsForTheBackwardInFlight() throws InterruptedException {
        try (ForkedJvm jvm = ForkedJvm.start(EndlessBackward.class)) {
            String start = jvm.readUntil("in backward");
            assertThat(start).contains("in backward");
            jvm.terminate();
            String rest = jvm.readUntil("never printed");
            assertThat(jvm.exitCode()).as(start + rest).isEqualTo(TERMINATED);
        }
    }

    @Test
    @Timeout(120)
    void aHoldLetsARunFinishItsLastWork() throws InterruptedException {
        try (ForkedJvm jvm = ForkedJvm.start(RunWithAHold.class)) {
            String start = jvm.readUntil("running");
            jvm.terminate();
            String rest = jvm.readUntil("never printed");
            assertThat(jvm.exitCode()).as(start + rest).isEqualTo(TERMINATED);
            assertThat(rest).contains("saved 6.0").contains("afterwards: the process is ending");
        }
    }

    /** Spends nearly all its time in backward, in both of libtorch's threads. */
    static final class EndlessBackward {

        private EndlessBackward() {}

        public static void main(String[] arguments) {
            while (true) {
                Compute.on(CPU).training(() -> {
                    Tensor w = Tensor.ones(CPU, DType.FLOAT32, 512, 512).requireGradient();
                    Tensor x = w;
                    for (int i = 0; i < 20; i++) {
                        x = x.matmul(w).tanh();
                    }
                    Tensor loss = x.sum();
                    System.out.println("in backward");
                    loss.backward();
                    return 0;
                });
            }
        }
    }

    /** Computes once more after the signal, as a run does that saves a checkpoint when it is stopped. */
    static final class RunWithAHold {

        private RunWithAHold() {}

        public static void main(String[] arguments) throws InterruptedException {
            ShutdownHold hold = ShutdownHold.open();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                System.out.println("saved " + work());
                hold.close();
                awaitRetirement();
            }));
            System.out.println("running");
            Thread.currentThread().join();
        }

        private static float work() {
            return Compute.on(CPU)
                    .inference(
                            () -> Tensor.of(CPU, new float[] {1, 2, 3}, 3).sum().item());
        }

        private static void awaitRetirement() {
            try {
                while (true) {
                    work();
                    Thread.onSpinWait();
                }
            } catch (IllegalStateException e) {
                System.out.println("afterwards: " + e.getMessage());
            }
        }
    }
}
