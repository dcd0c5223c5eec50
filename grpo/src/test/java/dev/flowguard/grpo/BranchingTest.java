package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.grpo.Branches.Compared;
import dev.flowguard.grpo.Chains.InitialNoise;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Groups whose members share parts of their paths: what is shared is computed once, and is the same to the last bit. */
class BranchingTest {
    private static final Device CPU = Device.cpu();
    private static final long[] LATENT = {2, 3, 3};
    private static final GroupKey GROUP = new GroupKey(42, 0, 0);
    private static final VelocityField FIELD =
            (latents, sigma) -> latents.mul(sigma).sin();

    /** Counts the rows that the policy was asked about. */
    private static final class Counting implements GroupVelocityField {
        private int rows;
        private final List<List<Integer>> batches = new ArrayList<>();

        @Override
        public Tensor velocity(Tensor latents, double sigma, List<Integer> origins) {
            assertThat(origins).hasSize((int) latents.size(0));
            rows += origins.size();
            batches.add(origins);
            return FIELD.velocity(latents, sigma);
        }
    }

    /** Section 6.1: 9 on the main path and 6 * 45 on the branches of T = 10, and so on. */
    @ParameterizedTest
    @CsvSource({"10, 6, 1, 279", "10, 6, 4, 1116", "8, 6, 1, 175", "3, 2, 1, 8"})
    void branchingCostsWhatThePaperDerivesAndNoMore(int steps, int branches, int seeds, int evaluations) {
        try (Scope scope = Scope.open()) {
            GroupLayout layout = layout(steps, branches, seeds);
            Counting policy = new Counting();
            sample(policy, steps, layout);
            assertThat(policy.rows).isEqualTo(evaluations);
            assertThat(layout.tuples()).isEqualTo((long) seeds * branches * (steps - 1));
        }
    }

    @Test
    void everyBranchLeavesTheOdePathToTheLastBit() {
        try (Scope scope = Scope.open()) {
            GroupLayout layout = layout(6, 3, 2);
            Trajectory tree = sample(new Counting(), 6, layout);
            Trajectory ode = sampler(6).sample(FIELD, initial(layout), List.of(), List.of());
            Tensor main = initial(layout);
            for (int i = 0; i < 5; i++) {
                StochasticStep step = tree.stochasticSteps().get(i);
                assertThat(step.transition().step()).isEqualTo(i);
                assertThat(step.latents().toFloats()).isEqualTo(main.toFloats());
                assertThat(step.members()).isEqualTo(layout.trainedAt(i));
                assertThat(step.from().rows()).containsExactly(0, 0, 0, 1, 1, 1);
                assertThat(step.next().size(0)).isEqualTo(6);
                Tensor velocity = FIELD.velocity(main, step.transition().sigma());
                assertThat(step.mean().toFloats())
                        .isEqualTo(step.transition().mean(main, velocity).toFloats());
                main = new OdeKernel().at(schedule(6), i).mean(main, velocity);
            }
            assertThat(ode.finalLatents().toFloats())
                    .isEqualTo(new OdeKernel()
                            .at(schedule(6), 5)
                            .mean(main, FIELD.velocity(main, schedule(6).sigma(5)))
                            .toFloats());
        }
    }

    @Test
    void aBranchIsWhatItWouldBeAlone() {
        try (Scope scope = Scope.open()) {
            GroupLayout layout = layout(6, 2, 2);
            Tensor latents = sample(new Counting(), 6, layout).finalLatents();
            for (int member = 0; member < layout.members(); member++) {
                MemberPath path = layout.paths().get(member);
                Tensor alone = sampler(6)
                        .sample(
                                FIELD,
                                initial(layout).slice(0, path.origin(), path.origin() + 1),
                                path.stochasticSteps(),
                                List.of(100L + member))
                        .finalLatents();
                assertThat(latents.slice(0, member, member + 1).toFloats()).isEqualTo(alone.toFloats());
            }
        }
    }

    @Test
    void membersOfTheSameNoiseShareTheStepsBeforeTheWindow() {
        try (Scope scope = Scope.open()) {
            GroupLayout layout = new Chains(InitialNoise.SHARED).layout(new Window(3, 3, 2), 8, GROUP, 5);
            Counting policy = new Counting();
            Trajectory trajectory = sample(policy, 8, layout);
            // Three steps of the ODE and the window's first, once; then each member by itself.
            assertThat(policy.rows).isEqualTo(3 + 1 + 5 * 4);
            StochasticStep first = trajectory.stochasticSteps().get(0);
            StochasticStep second = trajectory.stochasticSteps().get(1);
            assertThat(first.latents().size(0)).isEqualTo(1);
            assertThat(first.mean().size(0)).isEqualTo(1);
            assertThat(first.from().rows()).containsExactly(0, 0, 0, 0, 0);
            assertThat(second.latents()).isSameAs(first.next());
            assertThat(second.from()).isEqualTo(RowSelection.all(5));
        }
    }

    @Test
    void onlyTrainedStepsAreKept() {
        try (Scope scope = Scope.open()) {
            GroupLayout layout = new Chains(InitialNoise.OWN).layout(new TimestepFraction(.5), 9, GROUP, 2);
            Trajectory trajectory = sample(new Counting(), 9, layout);
            assertThat(trajectory.stochasticSteps())
                    .extracting(step -> step.transition().step())
                    .isEqualTo(layout.trainedSteps())
                    .hasSize(4);
            Trajectory all = sampler(9).sample(FIELD, initial(layout), List.of(0, 1, 2, 3, 4, 5, 6, 7), seeds(layout));
            assertThat(trajectory.finalLatents().toFloats())
                    .isEqualTo(all.finalLatents().toFloats());
        }
    }

    @Test
    void membersMayDifferInEverything() {
        try (Scope scope = Scope.open()) {
            GroupLayout layout = new GroupLayout(List.of(
                    new MemberPath(0, List.of(0, 2), List.of(2), 0),
                    new MemberPath(1, List.of(), List.of(), 0),
                    new MemberPath(0, List.of(1, 2), List.of(1, 2), 0)));
            Trajectory trajectory = sample(new Counting(), 5, layout);
            assertThat(trajectory.stochasticSteps())
                    .extracting(StochasticStep::members)
                    .containsExactly(List.of(2), List.of(0, 2));
            for (int member = 0; member < 3; member++) {
                MemberPath path = layout.paths().get(member);
                Tensor alone = sampler(5)
                        .sample(
                                FIELD,
                                initial(layout).slice(0, path.origin(), path.origin() + 1),
                                path.stochasticSteps(),
                                List.of(100L + member))
                        .finalLatents();
                assertThat(trajectory
                                .finalLatents()
                                .slice(0, member, member + 1)
                                .toFloats())
                        .isEqualTo(alone.toFloats());
            }
        }
    }

    @Test
    void trainingRepeatsABatchAsItWas() {
        try (Scope scope = Scope.open()) {
            GroupLayout layout = layout(6, 3, 2);
            for (StochasticStep step : sample(new Counting(), 6, layout).stochasticSteps()) {
                Transition transition = step.transition();
                Tensor replayed = transition.mean(step.latents(), FIELD.velocity(step.latents(), transition.sigma()));
                List<TrainedMember> members = step.members().stream()
                        .map(member -> new TrainedMember(0, member, 1))
                        .toList();
                StepBatch batch = new StepBatch(
                        transition, 1, members, step.next(), step.from().of(step.mean()));
                PolicyChange change = new PolicyChange(batch, step.from().of(replayed));
                assertThat(change.logDensityRatio().toDoubles()).containsOnly(0);
                assertThat(change.normalisedLogRatio().toDoubles()).containsOnly(0);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("presets")
    void aLayoutKnowsWhatItsTrajectoryKeeps(Preset preset) {
        try (Scope scope = Scope.open()) {
            Preset smaller = preset.toBuilder().trainingSteps(8).groupSize(6).build();
            GroupLayout layout = smaller.layout(GROUP);
            Set<Tensor> kept = Collections.newSetFromMap(new IdentityHashMap<>());
            for (StochasticStep step : sample(new Counting(), 8, layout).stochasticSteps()) {
                assertThat(step.latents().size(0))
                        .isEqualTo(layout.latentsLeftAt(step.transition().step()));
                kept.addAll(List.of(step.latents(), step.next(), step.mean()));
            }
            assertThat(layout.keptRows())
                    .isEqualTo(kept.stream().mapToLong(tensor -> tensor.size(0)).sum());
        }
    }

    static List<Preset> presets() {
        return Presets.all();
    }

    @Test
    void rowsKeepTheirGraph() {
        Compute.on(CPU).training(() -> {
            Tensor table = Tensor.of(CPU, new float[] {1, 2, 3, 4}, 2, 2).requireGradient();
            new RowSelection(List.of(1, 0, 1)).of(table).sum().backward();
            assertThat(Objects.requireNonNull(table.gradient()).toFloats()).containsExactly(1, 1, 2, 2);
            assertThat(new RowSelection(List.of(0, 1)).of(table)).isSameAs(table);
            assertThatThrownBy(() -> new RowSelection(List.of(2)).of(table))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            return true;
        });
    }

    private static GroupLayout layout(int steps, int branches, int seeds) {
        return new Branches(branches, Compared.SEED).layout(new AllButLast(), steps, GROUP, branches * seeds);
    }

    private static Trajectory sample(GroupVelocityField policy, int steps, GroupLayout layout) {
        return sampler(steps).sample(policy, initial(layout), layout, seeds(layout));
    }

    private static Tensor initial(GroupLayout layout) {
        return TrajectorySampler.initialLatents(
                CPU, LongStream.range(0, layout.origins()).boxed().toList(), LATENT);
    }

    private static List<Long> seeds(GroupLayout layout) {
        return LongStream.range(100, 100 + layout.members()).boxed().toList();
    }

    private static TrajectorySampler sampler(int steps) {
        return new TrajectorySampler(schedule(steps), new FlowSde(.7));
    }

    private static SigmaSchedule schedule(int steps) {
        return SigmaSchedule.sd3(steps, 3);
    }
}
