package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.RatioObservatory.SideCounts;
import dev.flowguard.grpo.RatioObservatory.StepSummary;
import dev.flowguard.grpo.TrustRegion.Side;
import dev.flowguard.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class RatioObservatoryTest {

    @Test
    void aStepIsSummedUpBySideAndSign() {
        RatioObservatory observatory = new RatioObservatory();
        observatory.add(
                seen(4, List.of(1.0, 1.0, -1.0, 0.0), List.of(Side.ABOVE, Side.INSIDE, Side.BELOW, Side.ABOVE), 2));
        observatory.add(seen(4, List.of(-1.0), List.of(Side.ABOVE), 2));
        StepSummary summary = observatory.summaries().get(0);
        assertThat(summary.step()).isEqualTo(4);
        assertThat(summary.sigma()).isEqualTo(Scenes.SD3.sigma(4));
        assertThat(summary.gaining()).isEqualTo(new SideCounts(2, 1, 0));
        assertThat(summary.losing()).isEqualTo(new SideCounts(2, 1, 1));
        assertThat(summary.normalised().count()).isEqualTo(5);
        assertThat(summary.klToReference()).isEqualTo(OptionalDouble.empty());
        assertThat(summary.gradientShare()).isEqualTo(1);
    }

    @Test
    void gradientNormsAreSharedOutOverTheSteps() {
        RatioObservatory observatory = new RatioObservatory();
        observatory.add(seen(0, List.of(1.0), List.of(Side.INSIDE), 3));
        observatory.add(seen(0, List.of(1.0), List.of(Side.INSIDE), 4));
        observatory.add(seen(8, List.of(1.0), List.of(Side.INSIDE), 15));
        assertThat(observatory.summaries())
                .extracting(StepSummary::gradientShare)
                .containsExactly(.25, .75);
    }

    @Test
    void partsMergeIntoTheWholeToTheLastBit() {
        RatioObservatory whole = new RatioObservatory();
        RatioObservatory first = new RatioObservatory();
        RatioObservatory second = new RatioObservatory();
        for (int i = 0; i < 20; i++) {
            StepDiagnostics seen = seen(i % 3, List.of(1.0, -1.0), List.of(Side.ABOVE, Side.BELOW), 1.0 / (i + 3));
            whole.add(seen);
            (i % 2 == 0 ? second : first).add(seen);
        }
        first.merge(second);
        for (int i = 0; i < 3; i++) {
            StepSummary one = whole.summaries().get(i);
            StepSummary other = first.summaries().get(i);
            assertThat(other.density().mean()).isEqualTo(one.density().mean());
            assertThat(other.density().std()).isEqualTo(one.density().std());
            assertThat(other.normalised().histogram(-1, 1, 8))
                    .isEqualTo(one.normalised().histogram(-1, 1, 8));
            assertThat(other.gaining()).isEqualTo(one.gaining());
            assertThat(other.gradientShare()).isEqualTo(one.gradientShare());
        }
    }

    /** What the paper's figure shows, from the objective itself: the density ratio is shifted, RatioNorm's is not. */
    @Test
    void theObjectiveFeedsIt() {
        RatioObservatory observatory = new RatioObservatory();
        Scenes.training(() -> {
            for (int i = 0; i < 9; i++) {
                Transition step = new FlowSde(.7).at(Scenes.SD3, i);
                for (int group = 0; group < 20; group++) {
                    StepBatch batch = Scenes.batch(step, 1, group, new double[24]);
                    // One change for all members, as after an update on other groups.
                    StepBatch one = Scenes.batch(step, 1, 999, 1);
                    Tensor change = Scenes.moved(one, 7, 1).sub(one.oldMean()).mul(.5 * step.s());
                    observatory.add(Objective.grpoGuard(ClipRange.symmetric(2e-6))
                            .loss(batch, batch.oldMean().add(change))
                            .diagnostics());
                }
            }
        });
        assertThat(observatory.summaries()).hasSize(9).allSatisfy(summary -> {
            double error = summary.normalised().std() / Math.sqrt(480);
            assertThat(summary.normalised().mean()).isCloseTo(0, within(5 * error));
            assertThat(summary.density().mean())
                    .isCloseTo(
                            -summary.divergence(), within(5 * summary.density().std() / Math.sqrt(480)));
        });
    }

    @Test
    void quantilesAreNumpys() {
        Distribution distribution = Distribution.of(List.of(4.0, 1.0, 3.0, 2.0));
        assertThat(distribution.quantile(0)).isEqualTo(1);
        assertThat(distribution.quantile(.5)).isEqualTo(2.5);
        assertThat(distribution.quantile(.25)).isEqualTo(1.75);
        assertThat(distribution.quantile(1)).isEqualTo(4);
        assertThat(distribution.std()).isCloseTo(Math.sqrt(1.25), within(1e-15));
        assertThat(Distribution.of(List.of(7.0)).quantile(.3)).isEqualTo(7);
    }

    @Test
    void binsAreFixedAndCountWhatLiesOutside() {
        Distribution distribution = Distribution.of(List.of(-2.0, -1.0, -.5, 0.0, .999, 1.0, 5.0));
        assertThat(distribution.histogram(-1, 1, 4)).containsExactly(1, 1, 1, 1, 1, 2);
        assertThatThrownBy(() -> distribution.histogram(1, 1, 4)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> distribution.quantile(1.1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Distribution.of(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Distribution.of(List.of(Double.NaN))).isInstanceOf(IllegalArgumentException.class);
    }

    private static StepDiagnostics seen(int i, List<Double> advantages, List<Side> sides, double gradient) {
        double[] values = advantages.stream().mapToDouble(Double::doubleValue).toArray();
        List<Double> numbers = Collections.nCopies(values.length, gradient);
        return new StepDiagnostics(
                new FlowSde(.7).at(Scenes.SD3, i),
                Scenes.members(values),
                numbers,
                numbers,
                numbers,
                numbers,
                sides,
                numbers,
                List.of());
    }
}
