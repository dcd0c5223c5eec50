package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class NoiseTest {

    /** The known-answer vectors of Random123 (tests/kat_vectors, philox4x32 10). */
    @Test
    void philoxGivesThePublishedAnswers() {
        assertThat(philox(0, 0, 0)).containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(philox(-1, -1, -1)).containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        // counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0: digits of pi
        assertThat(philox(0x299f31d0a4093822L, 0x0370734413198a2eL, 0x85a308d3243f6a88L))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    /** Written down once: a change of a single bit would break the reproduction of every published run. */
    @Test
    void valuesNeverChange() {
        assertThat(Noise.standardNormal(42, 7, 4)).containsExactly(1.0651509f, -.81752473f, -.65845037f, 1.1328658f);
    }

    @Property(tries = 50)
    void aValueDependsOnItsIndexAndNotOnHowManyAreDrawn(
            @ForAll long seed, @ForAll long stream, @ForAll @IntRange(min = 0, max = 70) int count) {
        float[] longer = Noise.standardNormal(seed, stream, 70);
        assertThat(Noise.standardNormal(seed, stream, count)).containsExactly(Arrays.copyOf(longer, count));
    }

    @Property(tries = 50)
    void seedsAndStreamsAreDifferentSequences(@ForAll long seed, @ForAll long stream) {
        float[] values = Noise.standardNormal(seed, stream, 8);
        assertThat(Noise.standardNormal(seed + 1, stream, 8)).isNotEqualTo(values);
        assertThat(Noise.standardNormal(seed, stream + 1, 8)).isNotEqualTo(values);
    }

    @Test
    void valuesAreStandardNormal() {
        float[] values = Noise.standardNormal(1, 2, 200_000);
        double mean = 0;
        double square = 0;
        double fourth = 0;
        double product = 0;
        for (int i = 0; i < values.length; i++) {
            double value = values[i];
            mean += value / values.length;
            square += value * value / values.length;
            fourth += Math.pow(value, 4) / values.length;
            product += value * values[(i + 1) % values.length] / values.length;
        }
        // Five standard errors of each estimate.
        assertThat(mean).isCloseTo(0, within(.0112));
        assertThat(square).isCloseTo(1, within(.0158));
        assertThat(fourth).isCloseTo(3, within(.11));
        assertThat(product).isCloseTo(0, within(.0112));
    }

    @Test
    void theTensorHoldsTheSameValues() {
        float[] tensor = Compute.on(Device.cpu())
                .inference(() -> Noise.standardNormal(Device.cpu(), 3, 4, 2, 5).toFloats());
        assertThat(tensor).containsExactly(Noise.standardNormal(3, 4, 10));
    }

    private static int[] philox(long key, long counterHigh, long counterLow) {
        int[] words = new int[Philox.WORDS];
        Philox.block(key, counterHigh, counterLow, words);
        return words;
    }
}
