package dev.flowguard.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.Distribution;
import dev.flowguard.learner.output.StepRatios;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class PooledRatiosTest {

    private static final double LOWER = -.3;
    private static final double UPPER = .2;

    @Property(tries = 200)
    void poolingIterationsIsLookingAtAllTheirRatiosAtOnce(@ForAll("iterations") List<List<Double>> iterations) {
        List<Double> all = iterations.stream().flatMap(List::stream).toList();
        Assume.that(all.stream().distinct().count() > 1);
        PooledRatios pooled =
                PooledRatios.of(iterations.stream().map(PooledRatiosTest::seen).toList());

        Distribution together = Distribution.of(all);
        assertThat(pooled.clipUp()).isCloseTo(share(all, UPPER, 2), within(1e-12));
        assertThat(pooled.clipDown()).isCloseTo(share(all, -2, LOWER), within(1e-12));
        assertThat(pooled.shift() * together.std()).isCloseTo(together.mean(), within(1e-7));
    }

    @Test
    void ratiosThatAreAllTheSameAreNotOffCentre() {
        assertThat(PooledRatios.of(List.of(seen(List.of(0., 0.)), seen(List.of(0.)))))
                .isEqualTo(new PooledRatios(0, 0, 0));
    }

    /** As many members as it comes: 1 to 40, an iteration unlike the next. */
    @Provide
    Arbitrary<List<List<Double>>> iterations() {
        return Arbitraries.doubles()
                .between(-1, 1)
                .ofScale(3)
                .list()
                .ofMinSize(1)
                .ofMaxSize(40)
                .list()
                .ofMinSize(1)
                .ofMaxSize(6);
    }

    private static StepRatios seen(List<Double> logRatios) {
        Distribution distribution = Distribution.of(logRatios);
        return new StepRatios(
                0,
                1,
                distribution.count(),
                distribution.mean(),
                distribution.std(),
                share(logRatios, UPPER, 2),
                share(logRatios, -2, LOWER),
                null);
    }

    private static double share(List<Double> logRatios, double above, double below) {
        return (double) logRatios.stream()
                        .filter(ratio -> ratio > above && ratio < below)
                        .count()
                / logRatios.size();
    }
}
