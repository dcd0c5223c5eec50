package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Other published kernels fit the extension point as it is, and the same step mathematics serves them. */
class TransitionKernelExtensionTest {
    private static final SigmaSchedule SD3 = SigmaSchedule.sd3(10, 3);

    /** DanceGRPO's: the SDE of Flow-GRPO with a constant g. */
    private record DanceSde(double noiseLevel) implements TransitionKernel {
        @Override
        public Transition at(SigmaSchedule schedule, int step) {
            double t = schedule.sigma(step);
            double next = schedule.sigma(step + 1);
            double dt = t - next;
            double beta = 1 + noiseLevel * noiseLevel * (1 - t) / (2 * t);
            double cx = 1 - noiseLevel * noiseLevel * dt / (2 * t);
            return new Transition(step, t, next, dt, noiseLevel, noiseLevel * Math.sqrt(dt), beta, cx, -beta * dt);
        }

        @Override
        public String name() {
            return "dance-sde";
        }

        @Override
        public DanceSde withNoiseLevel(double other) {
            return new DanceSde(other);
        }
    }

    /** Coefficients-preserving sampling: no SDE, but a Gaussian step all the same. */
    private record Cps(double noiseLevel) implements TransitionKernel {
        @Override
        public Transition at(SigmaSchedule schedule, int step) {
            double t = schedule.sigma(step);
            double next = schedule.sigma(step + 1);
            double dt = t - next;
            double s = next * Math.sin(noiseLevel * Math.PI / 2);
            double kept = next * Math.cos(noiseLevel * Math.PI / 2);
            double cv = -t * (1 - next) + (1 - t) * kept;
            return new Transition(step, t, next, dt, s / Math.sqrt(dt), s, -cv / dt, 1 - next + kept, cv);
        }

        @Override
        public String name() {
            return "cps";
        }

        @Override
        public Cps withNoiseLevel(double other) {
            return new Cps(other);
        }
    }

    @Test
    void danceSde() {
        assertGolden(new DanceSde(.3), "dance-sde.4");
        try (Scope scope = Scope.open()) {
            Transition step = new DanceSde(.3).at(SD3, 4);
            Tensor mean = fp64(Golden.values("dance-sde.4.mean"));
            Tensor next = mean.add(fp64(Golden.NOISE).mul(step.s()));
            assertThat(new GaussianStep(mean, step.s()).logProbability(next).itemDouble())
                    .isCloseTo(Golden.value("dance-sde.4.logprob"), within(1e-9));
        }
    }

    @Test
    void coefficientsPreservingSampling() {
        assertGolden(new Cps(.8), "cps.4");
        assertThat(new Cps(.8).at(SD3, 9).s()).isZero();
    }

    /** RatioNorm is mean(noise delta) for every Gaussian step, whatever a paper calls its log-probability. */
    @Test
    void ratioNormHoldsForEveryKernel() {
        try (Scope scope = Scope.open()) {
            Transition step = new Cps(.8).at(SD3, 4);
            Tensor latents = fp64(Golden.X);
            GaussianStep old = new GaussianStep(step.mean(latents, fp64(Golden.V)), step.s());
            Tensor moved = step.mean(latents, fp64(Golden.V).add(fp64(Golden.DELTA_V)));
            Tensor next = old.mean().add(fp64(Golden.NOISE).mul(step.s()));
            double expected =
                    fp64(Golden.NOISE).mul(moved.sub(old.mean())).mean().itemDouble();
            assertThat(new GaussianStep(moved, step.s())
                            .normalisedLogRatio(old, next)
                            .itemDouble())
                    .isCloseTo(expected, within(1e-15));
        }
    }

    private static void assertGolden(TransitionKernel kernel, String key) {
        Transition step = kernel.at(SD3, 4);
        assertThat(step.s()).isCloseTo(Golden.value(key + ".s"), within(1e-14));
        try (Scope scope = Scope.open()) {
            assertThat(step.mean(fp64(Golden.X), fp64(Golden.V)).toDoubles())
                    .containsExactly(Golden.values(key + ".mean"), within(1e-9));
        }
    }

    private static Tensor fp64(double[] values) {
        return Tensor.ofDoubles(Device.cpu(), values, 1, values.length);
    }
}
