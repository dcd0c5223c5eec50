package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.Annealing.Shape;
import dev.flowguard.grpo.KlToReference.Form;
import dev.flowguard.tensor.InputException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AnnealingTest {

    @Test
    void withoutAnythingItStaysAtThePeak() {
        assertThat(Annealing.none().shareAt(0, 100)).isEqualTo(1);
        assertThat(Annealing.none().shareAt(1_000, 100)).isEqualTo(1);
    }

    @Test
    void theWarmUpRisesFromItsFirstShareToThePeak() {
        Annealing warm = Annealing.none().withWarmup(4);
        assertThat(warm.shareAt(0, 100)).isEqualTo(.25);
        assertThat(warm.shareAt(2, 100)).isEqualTo(.75);
        assertThat(warm.shareAt(3, 100)).isEqualTo(1);
        assertThat(warm.shareAt(4, 100)).isEqualTo(1);
    }

    @Test
    void linearAndCosineEndAtTheFinalShare() {
        Annealing linear = new Annealing(Shape.LINEAR, 0, .1);
        assertThat(linear.shareAt(0, 10)).isEqualTo(1);
        assertThat(linear.shareAt(5, 10)).isCloseTo(.55, within(1e-15));
        assertThat(linear.shareAt(10, 10)).isCloseTo(.1, within(1e-15));
        assertThat(linear.shareAt(99, 10)).isCloseTo(.1, within(1e-15));
        Annealing cosine = new Annealing(Shape.COSINE, 2, 0);
        assertThat(cosine.shareAt(2, 12)).isEqualTo(1);
        assertThat(cosine.shareAt(7, 12)).isCloseTo(.5, within(1e-15));
        assertThat(cosine.shareAt(12, 12)).isCloseTo(0, within(1e-15));
    }

    @Property(tries = 300)
    void itNeverRisesAfterTheWarmUpAndStaysBetweenTheFinalShareAndThePeak(
            @ForAll Shape shape,
            @ForAll @IntRange(max = 20) int warmup,
            @ForAll @DoubleRange(min = 0, max = 1) double last,
            @ForAll @IntRange(min = 1, max = 60) int total) {
        Annealing annealing = new Annealing(shape, warmup, last);
        for (int n = 0; n < total + 10; n++) {
            double share = annealing.shareAt(n, total);
            assertThat(share).isBetween(n < warmup ? 0 : last - 1e-12, 1.0);
            if (n > warmup) {
                assertThat(share).isLessThanOrEqualTo(annealing.shareAt(n - 1, total) + 1e-15);
            }
        }
    }

    @Test
    void aKlWeightFollowsItAndCanBeRaised() {
        KlToReference kl = new KlToReference(.04, Form.DT_SCALED);
        assertThat(kl.times(.5)).isEqualTo(new KlToReference(.02, Form.DT_SCALED));
        assertThat(kl.times(0).enabled()).isFalse();
        assertThat(kl.times(4).weight()).isEqualTo(.16);
        assertThatThrownBy(() -> kl.times(Double.NaN)).isInstanceOf(InputException.class);
    }

    @Test
    void whatIsNoCourseIsRefused() {
        assertThatThrownBy(() -> new Annealing(Shape.LINEAR, -1, 0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new Annealing(Shape.LINEAR, 0, 1.5)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new Annealing(Shape.LINEAR, 0, Double.NaN)).isInstanceOf(InputException.class);
    }
}
