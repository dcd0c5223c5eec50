package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class RetryTest {

    private final List<Duration> waits = new ArrayList<>();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Retry retry = new Retry(
            4,
            new Backoff(Duration.ofMillis(100), Duration.ofMillis(300)),
            waits::add,
            new Random(1),
            new RolloutMetrics(registry));
    private int tries;

    @Test
    void triesAgainWithGrowingWaitsWhileTheFailureIsTransient() throws InterruptedException {
        String result = retry.call("x", inSeconds(60), () -> {
            if (++tries < 4) {
                throw Status.UNAVAILABLE.asRuntimeException();
            }
            return "done";
        });

        assertThat(result).isEqualTo("done");
        assertThat(waits).hasSize(3);
        assertThat(waits.get(0)).isBetween(Duration.ofMillis(50), Duration.ofMillis(100));
        assertThat(waits.get(1)).isBetween(Duration.ofMillis(100), Duration.ofMillis(200));
        assertThat(waits.get(2)).isBetween(Duration.ofMillis(150), Duration.ofMillis(300));
        assertThat(registry.counter("flowguard.rollout.retries", "call", "x").count())
                .isEqualTo(3);
    }

    @Test
    void givesUpAfterTheLastTry() {
        assertThatThrownBy(() -> retry.call("x", inSeconds(60), () -> {
                    tries++;
                    throw new TryAgainException("not yet");
                }))
                .isInstanceOf(TryAgainException.class);
        assertThat(tries).isEqualTo(4);
    }

    @ParameterizedTest
    @EnumSource(
            value = Status.Code.class,
            mode = Mode.EXCLUDE,
            names = {"OK", "UNAVAILABLE", "RESOURCE_EXHAUSTED"})
    void triesOnceWhereAnotherTryCannotHelp(Status.Code code) {
        assertThatThrownBy(() -> retry.call("x", inSeconds(60), () -> {
                    tries++;
                    throw Status.fromCode(code).asRuntimeException();
                }))
                .hasMessage(code.name());
        assertThat(tries).isEqualTo(1);
    }

    @Test
    void waitsAsLongAsABusyServerAsks() throws InterruptedException {
        assertThat(retry.call("x", inSeconds(60), () -> failOnce("2500"))).isEqualTo("done");

        assertThat(waits).containsExactly(Duration.ofMillis(2500));
    }

    @Test
    void ignoresAHintThatIsNoNumber() throws InterruptedException {
        assertThat(retry.call("x", inSeconds(60), () -> failOnce("-1e99"))).isEqualTo("done");

        assertThat(waits.get(0)).isLessThanOrEqualTo(Duration.ofMillis(100));
    }

    @Test
    void doesNotWaitBeyondTheDeadline() {
        assertThatThrownBy(() -> retry.call("x", inSeconds(1), () -> failOnce("5000")))
                .hasMessage("RESOURCE_EXHAUSTED");
        assertThat(waits).isEmpty();
    }

    private String failOnce(String hint) {
        if (++tries > 1) {
            return "done";
        }
        Metadata trailers = new Metadata();
        trailers.put(Retry.RETRY_DELAY, hint);
        throw Status.RESOURCE_EXHAUSTED.asRuntimeException(trailers);
    }

    private static Deadline inSeconds(int seconds) {
        return Deadline.after(seconds, TimeUnit.SECONDS);
    }
}
