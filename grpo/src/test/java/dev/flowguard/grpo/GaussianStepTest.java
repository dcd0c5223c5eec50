package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class GaussianStepTest {
    private static final SigmaSchedule SD3 = SigmaSchedule.sd3(10, 3);

    @ParameterizedTest
    @CsvSource({"0, FLOAT64", "4, FLOAT64", "8, FLOAT64", "0, FLOAT32", "4, FLOAT32", "8, FLOAT32"})
    void meanAndLogProbabilityAreThePapers(int step, DType dtype) {
        double tolerance = dtype == DType.FLOAT64 ? 1e-9 : 1e-6;
        try (Scope scope = Scope.open()) {
            Transition transition = new FlowSde(.7).at(SD3, step);
            Tensor mean =
                    transition.mean(fp64(Golden.X).to(dtype), fp64(Golden.V).to(dtype));
            Tensor next = mean.add(fp64(Golden.NOISE).to(dtype).mul(transition.s()));
            String key = "flow-sde." + step;
            assertThat(mean.to(DType.FLOAT64).toDoubles())
                    .containsExactly(Golden.values(key + ".mean"), within(tolerance));
            assertThat(next.to(DType.FLOAT64).toDoubles())
                    .containsExactly(Golden.values(key + ".next"), within(tolerance));
            assertThat(new GaussianStep(mean, transition.s())
                            .logProbability(next)
                            .itemDouble())
                    .isCloseTo(Golden.value(key + ".logprob"), within(tolerance));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT64", "FLOAT32"})
    void logRatiosAndDivergenceAreThePapers(DType dtype) {
        try (Scope scope = Scope.open()) {
            Transition transition = new FlowSde(.7).at(SD3, 4);
            Tensor latents = fp64(Golden.X).to(dtype);
            Tensor velocity = fp64(Golden.V).to(dtype);
            GaussianStep old = new GaussianStep(transition.mean(latents, velocity), transition.s());
            Tensor next = old.mean().add(fp64(Golden.NOISE).to(dtype).mul(transition.s()));
            Tensor moved = velocity.add(fp64(Golden.DELTA_V).to(dtype));
            GaussianStep policy = new GaussianStep(transition.mean(latents, moved), transition.s());

            double tolerance = dtype == DType.FLOAT64 ? 1e-14 : 1e-6;
            assertThat(policy.logRatio(old, next).itemDouble())
                    .isCloseTo(Golden.value("guard.4.logratio"), within(tolerance));
            assertThat(policy.normalisedLogRatio(old, next).itemDouble())
                    .isCloseTo(Golden.value("guard.4.normalised"), within(tolerance));
            assertThat(policy.divergence(old).itemDouble()).isCloseTo(Golden.value("guard.4.kl"), within(tolerance));
        }
    }

    @Test
    void theGoldenValuesAreTheSpecifications() {
        assertThat(Golden.value("guard.4.logratio")).isCloseTo(-1.00254307e-3, within(5e-12));
        assertThat(Golden.value("guard.4.bias")).isCloseTo(1.24177434e-5, within(5e-14));
        assertThat(Golden.value("guard.4.normalised")).isCloseTo(-3.87925461e-4, within(5e-13));
        assertThat(Golden.value("guard.4.kl.dt-scaled")).isCloseTo(1.03178771e-6, within(5e-15));
        assertThat(Golden.value("flow-sde.0.logprob")).isCloseTo(-.79976359, within(5e-9));
        assertThat(Golden.value("flow-sde.4.logprob")).isCloseTo(-.21942021, within(5e-9));
        assertThat(Golden.value("flow-sde.8.logprob")).isCloseTo(.33361548, within(5e-9));
    }

    @Test
    void inFp32EqualMeansGiveExactlyZeroAndSmallDifferencesKeepTheirDigits() {
        try (Scope scope = Scope.open()) {
            Transition first = new FlowSde(.7).at(SD3, 0);
            Tensor mean = noise(1, 1, 65_536);
            Tensor fresh = noise(2, 1, 65_536);
            Tensor next = mean.add(fresh.mul(first.s()));
            GaussianStep old = new GaussianStep(mean, first.s());
            assertThat(new GaussianStep(mean.duplicate(), first.s())
                            .logRatio(old, next)
                            .itemDouble())
                    .isZero();
            assertThat(new GaussianStep(mean.duplicate(), first.s())
                            .normalisedLogRatio(old, next)
                            .itemDouble())
                    .isZero();

            Tensor moved = mean.sub(noise(3, 1, 65_536).mul(.01 * first.beta() * first.dt()));
            Tensor delta = moved.sub(mean).to(DType.FLOAT64);
            double exact = fresh.to(DType.FLOAT64).mul(delta).mean().itemDouble();
            assertThat(new GaussianStep(moved, first.s())
                            .normalisedLogRatio(old, next)
                            .itemDouble())
                    .isCloseTo(exact, within(1e-9));
        }
    }

    /** With a fixed change of the mean, the exact log-ratio drifts below 0; RatioNorm's does not. */
    @Test
    void ratioNormIsCentredWhereTheExactRatioIsShifted() {
        int members = 20_000;
        int elements = 16;
        double s = .3;
        try (Scope scope = Scope.open()) {
            Tensor old = Tensor.zeros(Device.cpu(), DType.FLOAT64, members, elements);
            Tensor delta = noise(5, 1, elements).to(DType.FLOAT64).mul(.1);
            Tensor next = noise(6, members, elements).to(DType.FLOAT64).mul(s);
            GaussianStep before = new GaussianStep(old, s);
            double meanSquare = delta.square().mean().itemDouble();
            double shift = meanSquare / (2 * s * s);

            double[] exact =
                    new GaussianStep(old.add(delta), s).logRatio(before, next).toDoubles();
            assertMoments(exact, -shift, 2 * shift / elements);
            double[] normalised = new GaussianStep(old.add(delta), s)
                    .normalisedLogRatio(before, next)
                    .toDoubles();
            assertMoments(normalised, 0, meanSquare / elements);

            double[] mirrored = new GaussianStep(old.sub(delta), s)
                    .normalisedLogRatio(before, next)
                    .toDoubles();
            double[] exactMirrored =
                    new GaussianStep(old.sub(delta), s).logRatio(before, next).toDoubles();
            for (int b = 0; b < members; b++) {
                assertThat(mirrored[b]).isEqualTo(-normalised[b]);
                assertThat(exactMirrored[b] + exact[b]).isCloseTo(-2 * shift, within(1e-12));
            }
        }
    }

    @Test
    void aDeterministicStepHasNoDensity() {
        try (Scope scope = Scope.open()) {
            assertThatThrownBy(() -> new GaussianStep(fp64(Golden.X), 0)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void assertMoments(double[] values, double mean, double variance) {
        double n = values.length;
        double sampleMean =
                IntStream.range(0, values.length).mapToDouble(i -> values[i]).sum() / n;
        double sampleVariance = IntStream.range(0, values.length)
                        .mapToDouble(i -> (values[i] - sampleMean) * (values[i] - sampleMean))
                        .sum()
                / n;
        assertThat(sampleMean).isCloseTo(mean, within(4 * Math.sqrt(variance / n)));
        assertThat(sampleVariance).isCloseTo(variance, within(4 * variance * Math.sqrt(2 / n)));
    }

    private static Tensor fp64(double[] values) {
        return Tensor.ofDoubles(Device.cpu(), values, 1, values.length);
    }

    private static Tensor noise(long seed, long... shape) {
        return Noise.standardNormal(Device.cpu(), seed, 0, shape);
    }
}
