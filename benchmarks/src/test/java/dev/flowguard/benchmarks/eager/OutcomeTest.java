package dev.flowguard.benchmarks.eager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class OutcomeTest {

    @Test
    void measuresTheWorstOfAllValuesRelativeToItsOwnSize() {
        Outcome ours = new Outcome(Map.of("large", new float[] {1000, 1}, "small", new float[] {.011f}));
        Outcome theirs = new Outcome(Map.of("large", new float[] {1000, 0}, "small", new float[] {.01f}));
        assertThat(ours.distanceTo(theirs)).isCloseTo(.1, within(1e-6));
        assertThat(theirs.distanceTo(theirs)).isZero();
    }

    @Test
    void neverTakesWhatIsWrongForEqual() {
        Outcome zero = new Outcome(Map.of("gradient", new float[] {0}));
        assertThat(zero.distanceTo(zero)).isZero();
        assertThat(new Outcome(Map.of("gradient", new float[] {1e-9f})).distanceTo(zero))
                .isInfinite();
        assertThat(new Outcome(Map.of("gradient", new float[] {Float.NaN})).distanceTo(zero))
                .isInfinite();
        assertThatThrownBy(() -> zero.distanceTo(new Outcome(Map.of()))).isInstanceOf(IllegalStateException.class);
    }
}
