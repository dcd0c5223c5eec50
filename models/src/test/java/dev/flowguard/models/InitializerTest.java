package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class InitializerTest {

    private static final int COUNT = 20_000;

    @Test
    void torchDefaultIsUniformWithinOneOverTheRootOfTheFanIn() {
        float[] values = Initializer.torchDefault(25).draw(1, "w", COUNT);
        double bound = 0.2;
        for (float value : values) {
            assertThat(value).isBetween((float) -bound, (float) bound);
        }
        assertThat(mean(values)).isCloseTo(0, within(0.004));
        assertThat(std(values)).isCloseTo(bound / Math.sqrt(3), within(0.002));
    }

    @Test
    void normalHasItsStandardDeviation() {
        float[] values = new Initializer.Normal(0.02).draw(1, "w", COUNT);
        assertThat(mean(values)).isCloseTo(0, within(0.0006));
        assertThat(std(values)).isCloseTo(0.02, within(0.0005));
    }

    @Test
    void seedAndNameDecideAndNothingElse() {
        Initializer initializer = Initializer.torchDefault(4);
        float[] values = initializer.draw(1, "layers.0.weight", 8);
        assertThat(initializer.draw(1, "layers.0.weight", 8)).isEqualTo(values);
        assertThat(initializer.draw(2, "layers.0.weight", 8)).isNotEqualTo(values);
        assertThat(initializer.draw(1, "layers.1.weight", 8)).isNotEqualTo(values);
    }

    private static double mean(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    private static double std(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += (double) value * value;
        }
        return Math.sqrt(sum / values.length);
    }
}
