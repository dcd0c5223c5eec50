package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Deadline;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GateTest {

    private final ExecutorService callers = Executors.newCachedThreadPool();
    private final Gate gate =
            new Gate("ocr", AdaptiveLimit.upTo(4), () -> 0, new RolloutMetrics(new SimpleMeterRegistry()));

    @AfterEach
    void stop() {
        callers.shutdownNow();
    }

    @Test
    void letsNoMoreThroughThanTheLimit() throws InterruptedException, ExecutionException {
        CountDownLatch inside = new CountDownLatch(4);
        CountDownLatch open = new CountDownLatch(1);
        for (int i = 0; i < 4; i++) {
            Future<?> unused = callers.submit(() -> gate.call(1, inAMinute(), () -> {
                inside.countDown();
                open.await();
                return "answer";
            }));
        }
        inside.await();

        assertThatThrownBy(() -> gate.call(1, Deadline.after(0, TimeUnit.SECONDS), () -> "answer"))
                .hasMessageContaining("DEADLINE_EXCEEDED: no more than 4 calls at a time");
        Future<String> waiting = callers.submit(() -> gate.call(1, inAMinute(), () -> "answer"));
        open.countDown();
        assertThat(waiting.get()).isEqualTo("answer");
    }

    @Test
    void refusalsOfCallsThatWereUnderWayTogetherCountOnce() throws InterruptedException {
        CountDownLatch inside = new CountDownLatch(4);
        CountDownLatch done = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            callers.execute(() -> {
                assertThatThrownBy(() -> gate.call(1, inAMinute(), () -> {
                            inside.countDown();
                            inside.await();
                            throw Status.RESOURCE_EXHAUSTED.asRuntimeException();
                        }))
                        .hasMessage("RESOURCE_EXHAUSTED");
                done.countDown();
            });
        }
        done.await();
        assertThat(gate.limit()).isEqualTo(2);

        assertThatThrownBy(() -> gate.call(1, inAMinute(), () -> {
                    throw Status.RESOURCE_EXHAUSTED.asRuntimeException();
                }))
                .hasMessage("RESOURCE_EXHAUSTED");
        assertThat(gate.limit()).isEqualTo(1);
    }

    @Test
    void otherFailuresLeaveTheLimitAlone() {
        assertThatThrownBy(() -> gate.call(1, inAMinute(), () -> {
                    throw Status.UNAVAILABLE.asRuntimeException();
                }))
                .hasMessage("UNAVAILABLE");
        assertThat(gate.limit()).isEqualTo(4);
    }

    private static Deadline inAMinute() {
        return Deadline.after(60, TimeUnit.SECONDS);
    }
}
