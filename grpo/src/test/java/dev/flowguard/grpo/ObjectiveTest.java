package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.KlToReference.Form;
import dev.flowguard.grpo.TrustRegion.Side;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ObjectiveTest {
    private static final Transition STEP = new FlowSde(.7).at(SigmaSchedule.sd3(10, 3), 4);
    private static final double S = STEP.s();
    private static final double WEIGHT = 1 / STEP.dt();
    private static final int ELEMENTS = 24;
    private static final long[] ROW = {2, 3, 4};
    private static final Objective FLOW_GRPO = Objective.flowGrpo(ClipRange.symmetric(1e-4));
    private static final Objective GUARD = Objective.grpoGuard(ClipRange.symmetric(2e-6));

    static List<Objective> objectives() {
        return List.of(FLOW_GRPO, GUARD);
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void unchangedWeightsGiveARatioOfExactlyOne(Objective objective) {
        training(() -> {
            StepBatch batch = batch(1, -1.5, .5, 2);
            StepLoss loss = objective.loss(batch, batch.oldMean().duplicate());
            assertThat(loss.diagnostics().logRatio()).containsOnly(0.0);
            assertThat(loss.perMember().toDoubles()).containsExactly(1.5 * WEIGHT, -.5 * WEIGHT, -2 * WEIGHT);
        });
    }

    @Test
    void theLossIsThePapersOnBothSidesOfTheClip() {
        training(() -> {
            Tensor latents = Tensor.ofDoubles(Device.cpu(), Golden.X, 1, 4).to(DType.FLOAT32);
            Tensor velocity = Tensor.ofDoubles(Device.cpu(), Golden.V, 1, 4).to(DType.FLOAT32);
            Tensor change = Tensor.ofDoubles(Device.cpu(), Golden.DELTA_V, 1, 4).to(DType.FLOAT32);
            Tensor noise = Tensor.ofDoubles(Device.cpu(), Golden.NOISE, 1, 4).to(DType.FLOAT32);
            Tensor old = STEP.mean(latents, velocity);
            Tensor policy = STEP.mean(latents, velocity.add(change));
            Tensor next = old.add(noise.mul(S));
            StepBatch good = new StepBatch(STEP, WEIGHT, members(1), next, old);
            StepBatch bad = new StepBatch(STEP, WEIGHT, members(-1), next, old);

            double exact = Math.exp(Golden.value("guard.4.logratio"));
            assertThat(loss(FLOW_GRPO, good, policy)).isCloseTo(-WEIGHT * exact, within(1e-5));
            assertThat(loss(FLOW_GRPO, bad, policy)).isCloseTo(WEIGHT * exact, within(1e-5));
            // The normalised ratio lies below the range: only the bad member, already pushed far enough, is clipped.
            double normalised = Math.exp(Golden.value("guard.4.normalised"));
            double weight = Golden.value("guard.4.delta");
            double clipped = Math.exp(-2e-6 * Math.sqrt(65_536.0 / 4));
            assertThat(loss(GUARD, good, policy)).isCloseTo(-weight * normalised, within(1e-6));
            assertThat(loss(GUARD, bad, policy)).isCloseTo(weight * clipped, within(1e-6));
        });
    }

    /** At a ratio of 1 the gradient is -A d log p: what the policy-gradient theorem asks for. */
    @Test
    void flowGrpoFollowsTheScoreTimesTheWeight() {
        training(() -> {
            StepBatch batch = batch(1, -1.5, .5);
            float[] noise = noiseOf(batch);
            float[] gradient = gradient(FLOW_GRPO, batch);
            for (int k = 0; k < noise.length; k++) {
                double advantage = batch.members().get(k / ELEMENTS).advantage();
                assertThat((double) gradient[k])
                        .isCloseTo(-WEIGHT * advantage * noise[k] / (S * ELEMENTS) / 2, within(1e-6));
            }
        });
    }

    @Test
    void guardDampsTheScoreBySAndWeighsItByOneOverDt() {
        training(() -> {
            StepBatch batch = batch(1, -1.5, .5);
            float[] noise = noiseOf(batch);
            float[] gradient = gradient(GUARD, batch);
            for (int k = 0; k < noise.length; k++) {
                double advantage = batch.members().get(k / ELEMENTS).advantage();
                assertThat((double) gradient[k])
                        .isCloseTo(-advantage * noise[k] / (ELEMENTS * STEP.dt()) / 2, within(1e-6));
            }
        });
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void noMemberMovesAnothersRatio(Objective objective) {
        training(() -> {
            StepBatch batch = batch(1, 1, 1, 1);
            Tensor mean = moved(batch, 7, 1e-3);
            List<Double> before = objective.loss(batch, mean).diagnostics().logRatio();
            Tensor other =
                    Ops.concat(List.of(mean.slice(0, 0, 2), mean.slice(0, 2, 3).add(3)), 0);
            List<Double> after = objective.loss(batch, other).diagnostics().logRatio();
            assertThat(after.subList(0, 2)).isEqualTo(before.subList(0, 2));
            assertThat(after.get(2)).isNotEqualTo(before.get(2));
        });
    }

    @Test
    void theClipCutsTheGradientOnlyWhereTheAdvantagePushesOutward() {
        training(() -> {
            StepBatch batch = batch(1, 1, -1, 1, -1);
            // Two members pushed far above the range, two far below: along the noise, log r = mean(noise delta).
            Tensor direction = batch.next().sub(batch.oldMean()).mul(1e-2);
            Tensor signs = Tensor.of(Device.cpu(), new float[] {1, 1, -1, -1}, 4, 1, 1, 1);
            Tensor mean = batch.oldMean().add(direction.mul(signs)).duplicate().requireGradient();
            StepLoss loss = GUARD.loss(batch, mean);
            assertThat(loss.diagnostics().sides()).containsExactly(Side.ABOVE, Side.ABOVE, Side.BELOW, Side.BELOW);
            assertThat(loss.diagnostics().upperClipFraction()).isEqualTo(.5);
            assertThat(loss.diagnostics().lowerClipFraction()).isEqualTo(.5);
            loss.averagedOver(4).backward();
            double[] perMember = Objects.requireNonNull(mean.gradient())
                    .abs()
                    .reshape(4, ELEMENTS)
                    .sumFloat64(1)
                    .toDoubles();
            assertThat(perMember[0]).isZero();
            assertThat(perMember[1]).isPositive();
            assertThat(perMember[2]).isPositive();
            assertThat(perMember[3]).isZero();
        });
    }

    @Test
    void clipRangesFollowTheNumberOfLatentElements() {
        training(() -> {
            StepBatch batch = batch(1, 1);
            double guard = 2e-6 * Math.sqrt(65_536.0 / ELEMENTS);
            assertClipsAt(GUARD, batch, guard);
            double flowGrpo = 1e-4 * 65_536 / ELEMENTS;
            assertClipsAt(FLOW_GRPO, batch, flowGrpo);
        });
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void theSidesOfTheTrustRegionAreSeparate(Objective objective) {
        training(() -> {
            StepBatch batch = batch(1, 1, -1);
            Tensor direction = batch.next().sub(batch.oldMean()).mul(1e-2);
            Tensor up = batch.oldMean().add(direction);
            Tensor down = batch.oldMean().sub(direction);
            Objective onlyUpper = objective.withRegion(new ClipRange(1e9, 1e-8));
            assertThat(onlyUpper.loss(batch, up).diagnostics().upperClipFraction())
                    .isEqualTo(1);
            assertThat(onlyUpper.loss(batch, down).diagnostics().lowerClipFraction())
                    .isZero();
            Objective onlyLower = objective.withRegion(new ClipRange(1e-8, 1e9));
            assertThat(onlyLower.loss(batch, up).diagnostics().upperClipFraction())
                    .isZero();
            assertThat(onlyLower.loss(batch, down).diagnostics().lowerClipFraction())
                    .isEqualTo(1);
            // The member that is pushed outward is held at the limit; the other pays in full.
            assertThat(onlyUpper.loss(batch, up).perMember().toDoubles()[0])
                    .isGreaterThan(onlyLower.loss(batch, up).perMember().toDoubles()[0]);
            assertThat(onlyLower.loss(batch, down).perMember().toDoubles()[1])
                    .isGreaterThan(onlyUpper.loss(batch, down).perMember().toDoubles()[1]);
        });
    }

    /** Summing over the elements multiplies log r by D; a clip range multiplied by D clips the same members. */
    @Property(tries = 100)
    void meanAndSumClipTheSameMembers(
            @ForAll @IntRange(min = 0, max = 1000) int seed,
            @ForAll @Scale(5) @DoubleRange(min = 1e-5, max = 1e-2) double size) {
        training(() -> {
            StepBatch batch = batch(seed, 1, -1, 1, -1, 1, -1, 1, -1);
            Tensor mean = moved(batch, seed + 1000, size);
            StepDiagnostics diagnostics = GUARD.loss(batch, mean).diagnostics();
            double summedRange = ELEMENTS * 2e-6 * Math.sqrt(65_536.0 / ELEMENTS);
            double[] summed = batch.next()
                    .sub(batch.oldMean())
                    .to(DType.FLOAT64)
                    .mul(mean.sub(batch.oldMean()).to(DType.FLOAT64))
                    .div(S)
                    .reshape(8, ELEMENTS)
                    .sumFloat64(1)
                    .toDoubles();
            for (int b = 0; b < summed.length; b++) {
                assertThat(diagnostics.logRatio().get(b) * ELEMENTS)
                        .isCloseTo(summed[b], within(1e-6 * size * ELEMENTS));
                assertThat(diagnostics.sides().get(b) == Side.ABOVE).isEqualTo(summed[b] > summedRange);
                assertThat(diagnostics.sides().get(b) == Side.BELOW).isEqualTo(summed[b] < -summedRange);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void howABatchIsCutChangesNoGradient(Objective objective) {
        training(() -> {
            StepBatch whole = batch(1, -1.5, .5, 2, 1);
            float[] together = gradientAt(objective, whole, 2, 4);
            float[] apart = gradientAt(objective, whole, 2, 1);
            for (int k = 0; k < together.length; k++) {
                assertThat((double) apart[k]).isCloseTo(together[k], within(1e-9));
            }
        });
    }

    @Test
    void theReferenceItselfHasNoDivergence() {
        training(() -> {
            StepBatch batch = batch(1, 1, -1);
            StepLoss loss = FLOW_GRPO.loss(batch, batch.oldMean());
            assertThat(loss.diagnostics().klToReference()).isEmpty();
            StepLoss same = new KlToReference(.04, Form.TRUE)
                    .addTo(loss, batch.oldMean(), batch.oldMean().duplicate());
            assertThat(same.diagnostics().klToReference()).containsExactly(0.0, 0.0);
            assertThat(same.perMember().toDoubles()).isEqualTo(loss.perMember().toDoubles());
        });
    }

    @Test
    void theTwoFormsOfTheDivergenceDifferByDt() {
        training(() -> {
            StepBatch batch = batch(1, 0, 0);
            Tensor reference = moved(batch, 9, .1);
            StepLoss loss = FLOW_GRPO.loss(batch, batch.oldMean());
            StepLoss exact = new KlToReference(2, Form.TRUE).addTo(loss, batch.oldMean(), reference);
            StepLoss scaled = new KlToReference(2, Form.DT_SCALED).addTo(loss, batch.oldMean(), reference);
            for (int b = 0; b < 2; b++) {
                double kl = exact.diagnostics().klToReference().get(b);
                assertThat(kl).isPositive();
                assertThat(exact.perMember().toDoubles()[b]).isCloseTo(2 * kl, within(1e-15));
                assertThat(scaled.perMember().toDoubles()[b]).isCloseTo(2 * kl * STEP.dt(), within(1e-15));
                assertThat(scaled.diagnostics().klToReference().get(b)).isEqualTo(kl);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("objectives")
    void aRatioThatIsNotFiniteIsRefusedByName(Objective objective) {
        training(() -> {
            StepBatch batch = batch(1, 1, 1);
            Tensor broken = Ops.concat(
                    List.of(
                            batch.oldMean().slice(0, 0, 1),
                            batch.oldMean().slice(0, 1, 2).mul(Double.NaN)),
                    0);
            assertThatThrownBy(() -> objective.loss(batch, broken))
                    .isInstanceOf(ArithmeticException.class)
                    .hasMessageContaining("group 7, member 1, step 4");
        });
    }

    @Test
    void whatCannotBeTrainedIsRefused() {
        assertThatThrownBy(() -> ClipRange.symmetric(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new ClipRange(1e-4, Double.NaN)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new KlToReference(-1, Form.TRUE)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new TrainedMember(1, 2, Double.NaN)).hasMessageContaining("group 1, member 2");
        try (Scope scope = Scope.open()) {
            Tensor latents = Tensor.zeros(Device.cpu(), DType.FLOAT32, 1, 4);
            Transition ode = new OdeKernel().at(SigmaSchedule.sd3(10, 3), 4);
            assertThatThrownBy(() -> new StepBatch(ode, 1, members(1), latents, latents))
                    .hasMessageContaining("step 4 adds no noise");
            assertThatThrownBy(() -> new StepBatch(STEP, WEIGHT, members(1, 1), latents, latents))
                    .hasMessageContaining("2 members");
            StepBatch two = batch(1, 1, 1);
            assertThatThrownBy(() -> GUARD.loss(two, two.oldMean().slice(0, 0, 1)))
                    .hasMessageContaining("are not of the same batch");
        }
    }

    private static double loss(Objective objective, StepBatch batch, Tensor policyMean) {
        return objective.loss(batch, policyMean).perMember().itemDouble();
    }

    private static void assertClipsAt(Objective objective, StepBatch batch, double range) {
        // Along the noise both log-ratios are monotonic: find where the mask flips by bisection.
        double low = 0;
        double high = 1;
        Tensor direction = batch.next().sub(batch.oldMean());
        for (int i = 0; i < 60; i++) {
            double middle = (low + high) / 2;
            Tensor mean = batch.oldMean()
                    .to(DType.FLOAT64)
                    .add(direction.to(DType.FLOAT64).mul(middle));
            if (objective.loss(batch, mean).diagnostics().sides().get(0) == Side.ABOVE) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Tensor mean = batch.oldMean()
                .to(DType.FLOAT64)
                .add(direction.to(DType.FLOAT64).mul(high));
        assertThat(objective.loss(batch, mean).diagnostics().logRatio().get(0)).isCloseTo(range, within(range * 1e-6));
    }

    private static float[] gradient(Objective objective, StepBatch batch) {
        Tensor mean = batch.oldMean().duplicate().requireGradient();
        objective.loss(batch, mean).averagedOver(batch.members().size()).backward();
        return Objects.requireNonNull(mean.gradient()).toFloats();
    }

    private static float[] gradientAt(Objective objective, StepBatch whole, long seed, int size) {
        Tensor mean = moved(whole, seed, 1e-4).duplicate().requireGradient();
        int members = whole.members().size();
        for (int from = 0; from < members; from += size) {
            StepBatch part = new StepBatch(
                    whole.transition(),
                    whole.weight(),
                    whole.members().subList(from, from + size),
                    whole.next().slice(0, from, from + size),
                    whole.oldMean().slice(0, from, from + size));
            objective
                    .loss(part, mean.slice(0, from, from + size))
                    .averagedOver(members)
                    .backward();
        }
        return Objects.requireNonNull(mean.gradient()).toFloats();
    }

    private static Tensor moved(StepBatch batch, long seed, double size) {
        return batch.oldMean()
                .add(Noise.standardNormal(Device.cpu(), seed, 3, batch.next().shape())
                        .mul(size));
    }

    private static float[] noiseOf(StepBatch batch) {
        return batch.next().sub(batch.oldMean()).div(S).toFloats();
    }

    private static StepBatch batch(long seed, double... advantages) {
        long[] shape = {advantages.length, ROW[0], ROW[1], ROW[2]};
        Tensor mean = Noise.standardNormal(Device.cpu(), seed, 1, shape);
        Tensor next =
                mean.add(Noise.standardNormal(Device.cpu(), seed, 2, shape).mul(S));
        return new StepBatch(STEP, WEIGHT, members(advantages), next, mean);
    }

    private static List<TrainedMember> members(double... advantages) {
        List<TrainedMember> members = new ArrayList<>();
        for (double advantage : advantages) {
            members.add(new TrainedMember(7, members.size(), advantage));
        }
        return members;
    }

    private static void training(Runnable work) {
        Supplier<Boolean> supplier = () -> {
            work.run();
            return true;
        };
        Compute.on(Device.cpu()).training(supplier);
    }
}
