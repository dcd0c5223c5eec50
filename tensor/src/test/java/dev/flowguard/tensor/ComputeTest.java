package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ComputeTest {

    private static final Device CPU = Device.cpu();
    private static final int THREADS = 4;

    @Test
    @Timeout(60)
    void oneThreadComputesAtATimeAndEveryResultIsRight() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        List<Future<Float>> results = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            for (int i = 0; i < 40; i++) {
                float value = i;
                results.add(threads.submit(() -> Compute.on(CPU).training(() -> {
                    assertThat(inside.incrementAndGet()).isEqualTo(1);
                    Tensor w = Tensor.full(CPU, value, DType.FLOAT32, 3).requireGradient();
                    w.square().sum().backward();
                    Tensor gradient = w.gradient();
                    inside.decrementAndGet();
                    return gradient == null ? Float.NaN : gradient.toFloats()[2];
                })));
            }
            for (int i = 0; i < results.size(); i++) {
                assertThat(results.get(i).get()).isEqualTo(2 * i);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void thereIsOnePerDevice() {
        assertThat(Compute.on(CPU)).isSameAs(Compute.on(Device.parse("cpu")));
        assertThat(Compute.on(CPU).device()).isEqualTo(CPU);
    }

    @Test
    void aKeptResultOutlivesItsWorkAndAnotherDoesNot() {
        Tensor kept = Compute.on(CPU)
                .inference(() -> Tensor.ones(CPU, DType.FLOAT32, 1).keep());
        assertThat(kept.item()).isEqualTo(1);
        kept.close();
        Tensor lost = Compute.on(CPU).inference(() -> Tensor.ones(CPU, DType.FLOAT32, 1));
        assertThatThrownBy(lost::item).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aFailureGivesTheDeviceBack() {
        assertThatThrownBy(() -> Compute.on(CPU)
                        .inference(() -> Tensor.ones(CPU, DType.FLOAT32, 2).matmul(Tensor.ones(CPU, DType.FLOAT32, 3))))
                .hasMessageContaining("size");
        assertThat(Compute.on(CPU).<Float>inference(() -> Tensor.ones(CPU, DType.FLOAT32, 1)
                        .item()))
                .isEqualTo(1);
    }

    @Test
    void afterRetirementNoWorkStarts() throws InterruptedException {
        Compute compute = new Compute(CPU);
        assertThat(compute.retire(1, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> compute.inference(() -> 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("ending");
    }

    @Test
    void retirementDoesNotWaitLongerThanAllowed() {
        Compute compute = new Compute(CPU);
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            boolean idle = compute.inference(() -> {
                try {
                    return other.submit(() -> compute.retire(1, TimeUnit.MILLISECONDS))
                            .get();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(idle).isFalse();
        } finally {
            other.shutdownNow();
        }
    }
}
