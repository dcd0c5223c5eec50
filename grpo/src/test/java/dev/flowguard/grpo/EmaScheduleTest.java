package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.InputException;
import org.junit.jupiter.api.Test;

class EmaScheduleTest {

    @Test
    void theAverageWarmsUpAndFollowsEveryEighthStep() {
        EmaSchedule ema = new EmaSchedule(.9, 8);
        assertThat(ema.decayAfter(0)).isEmpty();
        assertThat(ema.decayAfter(6)).isEmpty();
        assertThat(ema.decayAfter(7)).hasValue(8.0 / 17);
        assertThat(ema.decayAfter(15)).hasValue(16.0 / 25);
        assertThat(ema.decayAfter(79)).hasValue(80.0 / 89);
        assertThat(ema.decayAfter(87)).hasValue(.9);
    }

    @Test
    void everyStepWithIntervalOne() {
        assertThat(new EmaSchedule(.9, 1).decayAfter(0)).hasValue(.1);
    }

    @Test
    void whatNeverForgetsOrNeverComesIsRefused() {
        assertThatThrownBy(() -> new EmaSchedule(1, 8)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new EmaSchedule(Double.NaN, 8)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new EmaSchedule(.9, 0)).isInstanceOf(InputException.class);
    }
}
