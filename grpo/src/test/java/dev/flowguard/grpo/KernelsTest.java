package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels of DanceGRPO and of coefficients-preserving sampling, and what holds for every kernel. */
class KernelsTest {
    private static final SigmaSchedule SD3 = SigmaSchedule.sd3(10, 3);

    static List<TransitionKernel> stochasticKernels() {
        return List.of(new FlowSde(.7), new DanceSde(.3), new Cps(.8));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT64", "FLOAT32"})
    void danceSdeIsThePapers(DType dtype) {
        assertGolden(new DanceSde(.3), "dance-sde.4", dtype);
        assertThat(Golden.value("dance-sde.4.s")).isCloseTo(.08647590, within(5e-9));
        assertThat(Golden.value("dance-sde.4.logprob")).isCloseTo(1.29145099, within(5e-9));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT64", "FLOAT32"})
    void coefficientsPreservingSamplingIsThePapers(DType dtype) {
        assertGolden(new Cps(.8), "cps.4", dtype);
        assertThat(Golden.value("cps.4.s")).isCloseTo(.67266181, within(5e-9));
        assertThat(Golden.value("cps.4.logprob")).isCloseTo(-.21492511, within(5e-9));
    }

    /** What flow_grpo's CPS calls a log-probability, {@code mean(-(x' - mean)^2)}, gives the ratio that Flow-GRPO clips. */
    @ParameterizedTest
    @MethodSource("stochasticKernels")
    void theDensityRatioIsWhatTheKernelsPapersSubtract(TransitionKernel kernel) {
        try (Scope scope = Scope.open()) {
            String key = kernel.name() + ".ratio.4";
            assertThat(ImportanceRatio.DENSITY.logRatio(change(kernel)).itemDouble())
                    .isCloseTo(Golden.value(key), within(1e-14));
        }
    }

    /** Section 5.6: over CPS, Guard from log-probabilities needs another correction; the dot product needs none. */
    @ParameterizedTest
    @MethodSource("stochasticKernels")
    void ratioNormIsTheNoiseTimesTheChangeForEveryKernel(TransitionKernel kernel) {
        try (Scope scope = Scope.open()) {
            String key = kernel.name() + ".normalised.4";
            assertThat(ImportanceRatio.RATIO_NORM.logRatio(change(kernel)).itemDouble())
                    .isCloseTo(Golden.value(key), within(1e-14));
        }
    }

    @Test
    void cpsKeepsTheCoefficientOfAllNoise() {
        for (int i = 0; i < SD3.steps(); i++) {
            Transition step = new Cps(.8).at(SD3, i);
            double t = step.sigma();
            // The weights of x0 and of x1 in x and v: x = (1 - t) x0 + t x1, v = x1 - x0.
            double ofData = step.cx() * (1 - t) - step.cv();
            double ofNoise = step.cx() * t + step.cv();
            assertThat(ofData).isCloseTo(1 - step.sigmaNext(), within(1e-14));
            assertThat(Math.hypot(ofNoise, step.s())).isCloseTo(step.sigmaNext(), within(1e-14));
        }
        assertThat(new Cps(.8).at(SD3, 9).stochastic()).isFalse();
    }

    @Property(tries = 300)
    void withoutNoiseEveryKernelIsTheOde(@ForAll @IntRange(min = 2, max = 50) int steps) {
        SigmaSchedule schedule = SigmaSchedule.sd3(steps, 3);
        for (TransitionKernel kernel : stochasticKernels()) {
            for (int i = 0; i < steps; i++) {
                Transition noiseless = kernel.withNoiseLevel(0).at(schedule, i);
                Transition ode = new OdeKernel().at(schedule, i);
                assertThat(noiseless.stochastic()).isFalse();
                assertThat(noiseless.cx()).isCloseTo(1, within(1e-15));
                assertThat(noiseless.cv()).isCloseTo(ode.cv(), within(6e-8));
            }
        }
    }

    @Property(tries = 300)
    void betaIsTheSensitivityToTheVelocity(
            @ForAll @IntRange(min = 2, max = 50) int steps, @ForAll @DoubleRange(min = .01, max = 1) double noise) {
        SigmaSchedule schedule = SigmaSchedule.shifted(steps, 1.0 / steps, Math.exp(.63));
        for (TransitionKernel kernel : stochasticKernels()) {
            for (int i = 0; i < steps - 1; i++) {
                Transition step = kernel.withNoiseLevel(noise).at(schedule, i);
                assertThat(step.beta()).isPositive();
                assertThat(step.cv()).isCloseTo(-step.beta() * step.dt(), within(1e-15));
                assertThat(step.s()).isCloseTo(step.g() * Math.sqrt(step.dt()), within(1e-14));
            }
        }
    }

    @Test
    void kernelsAreFoundByName() {
        assertThat(TransitionKernel.named("flow-sde", .9)).isEqualTo(new FlowSde(.9));
        assertThat(TransitionKernel.named("dance-sde", .3)).isEqualTo(new DanceSde(.3));
        assertThat(TransitionKernel.named("cps", .8)).isEqualTo(new Cps(.8));
        assertThat(TransitionKernel.named("ode", 0)).isEqualTo(new OdeKernel());
        assertThatThrownBy(() -> TransitionKernel.named("ode", .5)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> TransitionKernel.named("sde", .5))
                .hasMessageContaining("'sde' is unknown; use flow-sde, dance-sde, cps or ode");
        assertThatThrownBy(() -> new DanceSde(-.1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new Cps(1.1)).hasMessageContaining("CPS takes 0 to 1");
        assertThatThrownBy(() -> new Cps(Double.NaN)).isInstanceOf(InputException.class);
    }

    private static PolicyChange change(TransitionKernel kernel) {
        Transition step = kernel.at(SD3, 4);
        Tensor old = step.mean(fp64(Golden.X), fp64(Golden.V));
        Tensor moved = step.mean(fp64(Golden.X), fp64(Golden.V).add(fp64(Golden.DELTA_V)));
        Tensor next = old.add(fp64(Golden.NOISE).mul(step.s()));
        return new PolicyChange(new StepBatch(step, 1, List.of(new TrainedMember(1, 0, 1)), next, old), moved);
    }

    private static void assertGolden(TransitionKernel kernel, String key, DType dtype) {
        double tolerance = dtype == DType.FLOAT64 ? 1e-9 : 1e-6;
        Transition step = kernel.at(SD3, 4);
        assertThat(step.s()).isCloseTo(Golden.value(key + ".s"), within(1e-14));
        try (Scope scope = Scope.open()) {
            Tensor mean = step.mean(fp64(Golden.X).to(dtype), fp64(Golden.V).to(dtype));
            assertThat(mean.to(DType.FLOAT64).toDoubles())
                    .containsExactly(Golden.values(key + ".mean"), within(tolerance));
            Tensor next = mean.add(fp64(Golden.NOISE).to(dtype).mul(step.s()));
            if (step.densityPower() == 1) {
                assertThat(new GaussianStep(mean, step.s()).logProbability(next).itemDouble())
                        .isCloseTo(Golden.value(key + ".logprob"), within(tolerance));
            }
        }
    }

    private static Tensor fp64(double[] values) {
        return Tensor.ofDoubles(Device.cpu(), values, 1, values.length);
    }
}
