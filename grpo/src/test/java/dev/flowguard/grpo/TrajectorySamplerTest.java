package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrajectorySamplerTest {
    private static final Device CPU = Device.cpu();
    private static final long[] LATENT = {2, 4, 4};
    private static final SigmaSchedule SCHEDULE = SigmaSchedule.sd3(6, 3);
    private static final VelocityField FIELD =
            (latents, sigma) -> latents.mul(sigma).sin();

    @Test
    void withoutStochasticStepsItIsDiffusersEulerToTheLastBit() {
        try (Scope scope = Scope.open()) {
            Tensor initial = TrajectorySampler.initialLatents(CPU, List.of(1L, 2L), LATENT);
            Trajectory trajectory = sampler().sample(FIELD, initial, List.of(), List.of());

            Tensor x = initial;
            for (int i = 0; i < SCHEDULE.steps(); i++) {
                // diffusers holds sigmas in fp32: dt = sigma_next - sigma; prev_sample = sample + dt * model_output
                float dt = (float) SCHEDULE.sigma(i + 1) - (float) SCHEDULE.sigma(i);
                x = x.add(FIELD.velocity(x, SCHEDULE.sigma(i)).mul(dt));
            }
            assertThat(trajectory.finalLatents().toFloats()).isEqualTo(x.toFloats());
            assertThat(trajectory.stochasticSteps()).isEmpty();
        }
    }

    @Test
    void onlyStochasticStepsAreKeptAndEachIsItsMeanPlusItsNoise() {
        try (Scope scope = Scope.open()) {
            Trajectory trajectory = sample(List.of(1L, 2L), List.of(11L, 12L), List.of(1, 2, 4));
            assertThat(trajectory.stochasticSteps())
                    .extracting(step -> step.transition().step())
                    .containsExactly(1, 2, 4);
            for (StochasticStep step : trajectory.stochasticSteps()) {
                Transition transition = step.transition();
                assertThat(transition).isEqualTo(new FlowSde(.7).at(SCHEDULE, transition.step()));
                Tensor mean = transition.mean(step.latents(), FIELD.velocity(step.latents(), transition.sigma()));
                assertThat(step.mean().toFloats()).isEqualTo(mean.toFloats());
                for (int member = 0; member < 2; member++) {
                    Tensor noise = Noise.standardNormal(CPU, 11 + member, transition.step(), 1, 2, 4, 4);
                    assertThat(row(step.next(), member)).isEqualTo(row(mean, member, noise.mul(transition.s())));
                }
            }
            List<StochasticStep> steps = trajectory.stochasticSteps();
            assertThat(steps.get(1).latents()).isSameAs(steps.get(0).next());
            assertThat(steps.get(2).latents()).isNotSameAs(steps.get(1).next());
        }
    }

    @Test
    void aMembersPathIsItsOwnWhateverItsCompanions() {
        try (Scope scope = Scope.open()) {
            Trajectory pair = sample(List.of(1L, 2L), List.of(11L, 12L), List.of(0, 3));
            Trajectory alone = sample(List.of(2L), List.of(12L), List.of(0, 3));
            assertThat(row(alone.finalLatents(), 0)).isEqualTo(row(pair.finalLatents(), 1));
            assertThat(row(pair.finalLatents(), 0)).isNotEqualTo(row(pair.finalLatents(), 1));
        }
    }

    @Test
    void trajectoriesOfTheSamePolicyHaveARatioOfExactlyOne() {
        try (Scope scope = Scope.open()) {
            for (StochasticStep step :
                    sample(List.of(1L), List.of(11L), List.of(0, 1, 2, 3, 4)).stochasticSteps()) {
                Transition transition = step.transition();
                Tensor replayed = transition.mean(step.latents(), FIELD.velocity(step.latents(), transition.sigma()));
                GaussianStep old = new GaussianStep(step.mean(), transition.s());
                GaussianStep policy = new GaussianStep(replayed, transition.s());
                assertThat(policy.logRatio(old, step.next()).itemDouble()).isZero();
                assertThat(policy.normalisedLogRatio(old, step.next()).itemDouble())
                        .isZero();
            }
        }
    }

    @Test
    void theLastStepMayBeStochasticAndStaysFinite() {
        try (Scope scope = Scope.open()) {
            Trajectory trajectory = sample(List.of(1L), List.of(11L), List.of(5));
            assertThat(trajectory.finalLatents().allFinite()).isTrue();
            assertThat(trajectory.finalLatents())
                    .isSameAs(trajectory.stochasticSteps().get(0).next());
        }
    }

    @Test
    void impossibleStepsAreRefusedBeforeTheModelRuns() {
        try (Scope scope = Scope.open()) {
            assertThatThrownBy(() -> sample(List.of(1L), List.of(11L), List.of(6)))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("step 6 lies outside the schedule of 6 steps");
            assertThatThrownBy(() -> sample(List.of(1L), List.of(11L, 12L), List.of(0)))
                    .hasMessageContaining("2 noise seeds for 1 members");
            Tensor initial = TrajectorySampler.initialLatents(CPU, List.of(1L), LATENT);
            VelocityField neverCalled = (latents, sigma) -> {
                throw new AssertionError("the model ran");
            };
            assertThatThrownBy(() -> new TrajectorySampler(SCHEDULE, new FlowSde(0))
                            .sample(neverCalled, initial, List.of(2), List.of(11L)))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("noise level 0.0 adds no noise");
        }
    }

    private static TrajectorySampler sampler() {
        return new TrajectorySampler(SCHEDULE, new FlowSde(.7));
    }

    private static Trajectory sample(List<Long> initialSeeds, List<Long> noiseSeeds, List<Integer> steps) {
        return sampler().sample(FIELD, TrajectorySampler.initialLatents(CPU, initialSeeds, LATENT), steps, noiseSeeds);
    }

    private static float[] row(Tensor batch, int member) {
        return batch.slice(0, member, member + 1).toFloats();
    }

    private static float[] row(Tensor batch, int member, Tensor noise) {
        return batch.slice(0, member, member + 1).add(noise).toFloats();
    }
}
