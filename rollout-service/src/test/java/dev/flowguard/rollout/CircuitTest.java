package dev.flowguard.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Deadline;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CircuitTest {

    private static final Duration LONGEST = Duration.ofSeconds(5);

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private long now;
    private int calls;
    private boolean up;
    private final Circuit circuit = new Circuit(
            "ocr",
            new Backoff(Duration.ofMillis(500), LONGEST),
            wait -> now += wait.toNanos(),
            () -> now,
            new Random(1),
            new RolloutMetrics(registry));

    @Test
    void leavesAnEndpointAloneAfterAFewFailuresInARow() {
        fail(Circuit.FAILURES);

        assertThatThrownBy(() -> call(false))
                .isInstanceOf(LeftAloneException.class)
                .hasMessageContaining("left alone, for it did not answer (UNAVAILABLE)");
        assertThat(calls).isEqualTo(Circuit.FAILURES);
        assertThat(away()).isEqualTo(1);
    }

    @Test
    void anAnswerInBetweenStartsTheCountAnew() throws InterruptedException {
        fail(Circuit.FAILURES - 1);
        up = true;
        assertThat(call(false)).isEqualTo("answer");
        up = false;
        fail(Circuit.FAILURES - 1);

        up = true;
        assertThat(call(false)).isEqualTo("answer");
    }

    @Test
    void probesWithOneCallAfterAPauseAndGoesOnWhenItIsAnswered() throws InterruptedException {
        fail(Circuit.FAILURES);
        for (int probe = 1; probe <= 6; probe++) {
            now += LONGEST.toNanos();
            fail(1);
            assertThat(calls).isEqualTo(Circuit.FAILURES + probe);
            assertThatThrownBy(() -> call(false)).isInstanceOf(LeftAloneException.class);
        }

        up = true;
        now += LONGEST.toNanos();
        assertThat(call(false)).isEqualTo("answer");
        assertThat(call(false)).isEqualTo("answer");
        assertThat(away()).isZero();
    }

    @Test
    void letsNobodyThroughBesideTheProbe() throws InterruptedException {
        fail(Circuit.FAILURES);
        now += LONGEST.toNanos();

        String probe = circuit.call(inAMinute(), false, () -> {
            assertThatThrownBy(() -> call(false)).isInstanceOf(LeftAloneException.class);
            return "answer";
        });

        assertThat(probe).isEqualTo("answer");
    }

    @Test
    void whoIsPatientWaitsForTheProbe() throws InterruptedException {
        fail(Circuit.FAILURES);
        up = true;

        assertThat(call(true)).isEqualTo("answer");
        assertThat(now).isPositive();
    }

    @Test
    void aRefusalShowsThatSomebodyIsThere() {
        for (int i = 0; i < 5 * Circuit.FAILURES; i++) {
            assertThatThrownBy(() -> circuit.call(inAMinute(), false, () -> {
                        throw Status.RESOURCE_EXHAUSTED.asRuntimeException();
                    }))
                    .hasMessage("RESOURCE_EXHAUSTED");
        }
        assertThatThrownBy(() -> call(false)).hasMessage("UNAVAILABLE");
    }

    @Test
    void aProbeThatIsInterruptedLeavesThePlaceToAnother() throws InterruptedException {
        fail(Circuit.FAILURES);
        now += LONGEST.toNanos();
        assertThatThrownBy(() -> circuit.call(inAMinute(), false, () -> {
                    throw new InterruptedException();
                }))
                .isInstanceOf(InterruptedException.class);

        up = true;
        assertThat(call(false)).isEqualTo("answer");
    }

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            assertThatThrownBy(() -> call(false)).hasMessage("UNAVAILABLE");
        }
    }

    private String call(boolean patient) throws InterruptedException {
        return circuit.call(inAMinute(), patient, () -> {
            calls++;
            if (!up) {
                throw Status.UNAVAILABLE.asRuntimeException();
            }
            return "answer";
        });
    }

    private static Deadline inAMinute() {
        return Deadline.after(60, TimeUnit.SECONDS);
    }

    private double away() {
        return registry.get("flowguard.rollout.endpoint.away").gauge().value();
    }
}
