package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlowSdeTest {
    private static final SigmaSchedule SD3 = SigmaSchedule.sd3(10, 3);

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 8})
    void scalarsAndMeanAreThePapers(int step) {
        Transition transition = new FlowSde(.7).at(SD3, step);
        String key = "flow-sde." + step;
        assertThat(transition.g()).isCloseTo(Golden.value(key + ".g"), within(1e-14));
        assertThat(transition.s()).isCloseTo(Golden.value(key + ".s"), within(1e-14));
        double[] mean = Golden.values(key + ".mean");
        for (int k = 0; k < mean.length; k++) {
            assertThat(transition.cx() * Golden.X[k] + transition.cv() * Golden.V[k])
                    .isCloseTo(mean[k], within(1e-9));
        }
    }

    @Test
    void theFirstStepHasExactlyTheNoiseLevelAndNoExtraDrift() {
        Transition first = new FlowSde(.7).at(SD3, 0);
        assertThat(first.s()).isCloseTo(.7, within(1e-15));
        assertThat(first.beta()).isEqualTo(1);
    }

    @Property(tries = 300)
    void betaIsConstantBelowPureNoise(
            @ForAll @IntRange(min = 3, max = 50) int steps, @ForAll @DoubleRange(min = 0, max = 1.5) double a) {
        SigmaSchedule schedule = SigmaSchedule.sd3(steps, 3);
        for (int i = 1; i < steps; i++) {
            assertThat(new FlowSde(a).at(schedule, i).beta()).isCloseTo(1 + a * a / 2, within(1e-12));
        }
    }

    @Property(tries = 300)
    void theNamedScalarsAgreeWithEachOther(
            @ForAll @IntRange(min = 2, max = 50) int steps, @ForAll @DoubleRange(min = 0, max = 1.5) double a) {
        SigmaSchedule schedule = SigmaSchedule.shifted(steps, 1. / steps, Math.exp(.63));
        for (int i = 0; i < steps; i++) {
            Transition transition = new FlowSde(a).at(schedule, i);
            assertThat(transition.dt()).isEqualTo(transition.sigma() - transition.sigmaNext());
            assertThat(transition.s()).isCloseTo(transition.g() * Math.sqrt(transition.dt()), within(1e-14));
            assertThat(transition.cv()).isEqualTo(-transition.beta() * transition.dt());
            assertThat(transition.cx()).isFinite();
        }
    }

    @Test
    void withoutNoiseItIsTheOde() {
        for (int i = 0; i < SD3.steps(); i++) {
            Transition noiseless = new FlowSde(0).at(SD3, i);
            Transition ode = new OdeKernel().at(SD3, i);
            assertThat(noiseless.stochastic()).isFalse();
            assertThat(noiseless.cx()).isEqualTo(ode.cx());
            assertThat(noiseless.cv()).isCloseTo(ode.cv(), within(6e-8));
        }
    }

    /**
     * On the exact velocity field of x0 ~ N(0, 1) every step is linear, so the variance of x can be followed exactly: the
     * SDE must keep the marginals of the ODE, and at t = 0 that is variance 1.
     */
    @ParameterizedTest
    @ValueSource(doubles = {0, .3, .7, 1})
    void theMarginalsAreThoseOfTheOde(double noiseLevel) {
        SigmaSchedule schedule = SigmaSchedule.sd3(1000, 3);
        double variance = 1;
        for (int i = 0; i < schedule.steps(); i++) {
            Transition step = new FlowSde(noiseLevel).at(schedule, i);
            double t = step.sigma();
            double velocityPerLatent = (2 * t - 1) / ((1 - t) * (1 - t) + t * t);
            double factor = step.cx() + step.cv() * velocityPerLatent;
            variance = factor * factor * variance + step.s() * step.s();
        }
        assertThat(variance).isCloseTo(1, within(.01));
    }
}
