package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.TrustRegion.Side;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Tensor;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrustRegionTest {
    private static final Transition STEP = new FlowSde(.7).at(Scenes.SD3, 4);

    @Test
    void theRangeAsPrintedIsExact() {
        ClipRange printed = ClipRange.ofRatio(.2, .3);
        assertThat(printed.side(Math.log(.8) + 1e-12, 0, 1)).isEqualTo(Side.INSIDE);
        assertThat(printed.side(Math.log(.8) - 1e-12, 0, 1)).isEqualTo(Side.BELOW);
        assertThat(printed.side(Math.log(1.3) - 1e-12, 0, 1)).isEqualTo(Side.INSIDE);
        assertThat(printed.side(Math.log(1.3) + 1e-12, 0, 1)).isEqualTo(Side.ABOVE);
    }

    @Test
    void aRangeBelowTheRoundingOfTheMeansIsRefusedWithTheSmallest() {
        assertThat(new ClipRange(ClipRange.SMALLEST, ClipRange.SMALLEST).upper())
                .isEqualTo(1e-8);
        assertThatThrownBy(() -> ClipRange.symmetric(5e-9))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("at least 1.0E-8, below which fp32 rounding alone leaves the range");
        assertThatThrownBy(() -> ClipRange.symmetric(Double.POSITIVE_INFINITY)).isInstanceOf(InputException.class);
    }

    /** The smallest range lies above what fp32 rounding of the means does to log r at the reference size. */
    @ParameterizedTest
    @EnumSource(ImportanceRatio.class)
    void theSmallestRangeIsAboveTheRounding(ImportanceRatio ratio) {
        Scenes.training(() -> {
            Transition last = new FlowSde(.7).at(Scenes.SD3, 8);
            Tensor mean = Noise.standardNormal(Device.cpu(), 1, 1, 8, 65_536);
            Tensor noise = Noise.standardNormal(Device.cpu(), 1, 2, 8, 65_536);
            // The same policy, its mean rounded once more on the way: as another order of the same operations would.
            Tensor rounded = mean.mul(.7).div(.7);
            StepBatch batch =
                    new StepBatch(last, 1, Scenes.members(1, 1, 1, 1, 1, 1, 1, 1), mean.add(noise.mul(last.s())), mean);
            assertThat(ratio.logRatio(new PolicyChange(batch, rounded)).toDoubles())
                    .isNotEqualTo(new double[8])
                    .containsExactly(new double[8], within(ClipRange.SMALLEST));
        });
    }

    /** Flow-DPPO: stopped where the step has moved too far and the advantage pushes further, and only there. */
    @Test
    void theDivergenceMaskStopsWhoPushesOutward() {
        Scenes.training(() -> {
            StepBatch batch = Scenes.batch(STEP, 1, 1, 1, -1, 1, -1);
            Tensor along = batch.next().sub(batch.oldMean());
            double[] share = {.01, .01, -.01, -.01};
            Tensor mean = batch.oldMean()
                    .add(along.mul(
                            Tensor.ofDoubles(along.device(), share, 4, 1, 1, 1).to(along.dtype())))
                    .duplicate()
                    .requireGradient();
            // s^2 cancels: mean(delta^2) / (2 s^2) is about .01^2 / 2.
            Objective objective = new Objective(ImportanceRatio.DENSITY, new DivergenceMask(1e-6, 0));
            StepLoss loss = objective.loss(batch, mean);
            assertThat(loss.diagnostics().sides()).containsExactly(Side.ABOVE, Side.ABOVE, Side.BELOW, Side.BELOW);
            loss.averagedOver(4).backward();
            double[] perMember = Objects.requireNonNull(mean.gradient())
                    .abs()
                    .reshape(4, 24)
                    .sumFloat64(1)
                    .toDoubles();
            assertThat(perMember[0]).isZero();
            assertThat(perMember[1]).isPositive();
            assertThat(perMember[2]).isPositive();
            assertThat(perMember[3]).isZero();
            assertThat(loss.diagnostics().velocityGradient().get(0)).isZero();

            StepLoss wide = objective.withRegion(new DivergenceMask(1e-2, 0)).loss(batch, mean);
            assertThat(wide.diagnostics().sides()).containsOnly(Side.INSIDE);
        });
    }

    @Test
    void theDivergencePenaltyIsSubtractedFromTheGain() {
        Scenes.training(() -> {
            StepBatch batch = Scenes.batch(STEP, 1, 1, 1, -1);
            Tensor mean = Scenes.moved(batch, 5, .01);
            Objective plain = new Objective(ImportanceRatio.DENSITY, new DivergenceMask(1, 0));
            double[] without = plain.loss(batch, mean).perMember().toDoubles();
            StepLoss with = plain.withRegion(new DivergenceMask(1, 3)).loss(batch, mean);
            for (int b = 0; b < 2; b++) {
                assertThat(with.perMember().toDoubles()[b] - without[b])
                        .isCloseTo(3 * with.diagnostics().divergence().get(b), within(1e-15));
            }
        });
        assertThatThrownBy(() -> new DivergenceMask(0, 0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new DivergenceMask(1e-5, -1)).isInstanceOf(InputException.class);
    }

    /** What the paper changes at once can be changed one at a time. */
    @Test
    void ratioRangeAndWeightAreIndependent() {
        Scenes.training(() -> {
            StepBatch batch = Scenes.batch(STEP, 1, 1, 1, -1, 1, -1);
            Tensor mean = Scenes.moved(batch, 5, 1e-3);
            ClipRange flowGrpo = ClipRange.symmetric(1e-4);
            ClipRange guard = ClipRange.symmetric(2e-6);
            StepDiagnostics guardsRatio =
                    Objective.grpoGuard(flowGrpo).loss(batch, mean).diagnostics();
            StepDiagnostics guardsRange =
                    Objective.flowGrpo(guard).loss(batch, mean).diagnostics();
            assertThat(guardsRatio.logRatio()).isEqualTo(guardsRatio.normalisedLogRatio());
            assertThat(guardsRange.logRatio()).isEqualTo(guardsRange.densityLogRatio());
            assertThat(guardsRatio.densityLogRatio()).isEqualTo(guardsRange.densityLogRatio());
            assertThat(guardsRatio.normalisedLogRatio()).isEqualTo(guardsRange.normalisedLogRatio());
        });
    }

    /** The norm is the one that backward finds. */
    @ParameterizedTest
    @EnumSource(ImportanceRatio.class)
    void theVelocityGradientIsThatOfTheLoss(ImportanceRatio ratio) {
        Scenes.training(() -> {
            StepBatch batch = Scenes.batch(STEP, 3, 1, 1.5, -.5);
            Tensor latents = Noise.standardNormal(Device.cpu(), 9, 1, 2, 2, 3, 4);
            Tensor mean = Scenes.moved(batch, 5, 1e-3);
            Tensor velocity =
                    mean.sub(latents.mul(STEP.cx())).div(STEP.cv()).duplicate().requireGradient();
            StepLoss loss = new Objective(ratio, ClipRange.symmetric(1)).loss(batch, STEP.mean(latents, velocity));
            loss.averagedOver(2).backward();
            double[] norms = Objects.requireNonNull(velocity.gradient())
                    .square()
                    .reshape(2, 24)
                    .sumFloat64(1)
                    .sqrt()
                    .mul(2)
                    .toDoubles();
            for (int b = 0; b < 2; b++) {
                assertThat(loss.diagnostics().velocityGradient().get(b)).isCloseTo(norms[b], within(1e-4 * norms[b]));
            }
        });
    }
}
