package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.Branches.Compared;
import dev.flowguard.grpo.GroupAdvantage.Spread;
import dev.flowguard.grpo.KlToReference.Form;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import net.jqwik.api.constraints.Size;

/** Ten properties that an implementation of these papers must have, whatever its numbers, in the order of the specification. */
class PublishedPropertiesTest {
    private static final SigmaSchedule SD3 = Scenes.SD3;

    @Provide
    Arbitrary<TransitionKernel> kernels() {
        return Arbitraries.of(new FlowSde(.7), new DanceSde(.3), new Cps(.8));
    }

    @Property(tries = 60)
    void property1_sameWeightsGiveARatioOfOneAndTheScoreAsGradient(
            @ForAll("kernels") TransitionKernel kernel,
            @ForAll @IntRange(min = 0, max = 8) int i,
            @ForAll ImportanceRatio ratio,
            @ForAll @IntRange(max = 1000) int seed) {
        Scenes.training(() -> {
            Transition step = kernel.at(SD3, i);
            StepBatch batch = Scenes.batch(step, 1, seed, 1.5, -.5);
            Tensor mean = batch.oldMean().duplicate().requireGradient();
            StepLoss loss = new Objective(ratio, ClipRange.symmetric(1e-4)).loss(batch, mean);
            assertThat(loss.diagnostics().densityLogRatio()).containsOnly(0.0);
            assertThat(loss.diagnostics().normalisedLogRatio()).containsOnly(0.0);
            assertThat(loss.perMember().toDoubles()).containsExactly(-1.5, .5);
            loss.averagedOver(2).backward();
            float[] noise = batch.next().sub(batch.oldMean()).div(step.s()).toFloats();
            float[] gradient = Objects.requireNonNull(mean.gradient()).toFloats();
            double scale = ratio == ImportanceRatio.DENSITY ? step.densityPower() / step.s() : 1;
            for (int k = 0; k < noise.length; k++) {
                double advantage = k < 24 ? 1.5 : -.5;
                double expected = -advantage * noise[k] * scale / 24 / 2;
                assertThat((double) gradient[k]).isCloseTo(expected, within(1e-6 + 1e-5 * Math.abs(expected)));
            }
        });
    }

    @Property(tries = 8)
    void property2_theDensityRatioIsShiftedAndTheNormalisedOneIsNot(
            @ForAll @IntRange(max = 1000) int seed, @ForAll @DoubleRange(min = .05, max = .9) double s) {
        int members = 8000;
        int elements = 16;
        try (Scope scope = Scope.open()) {
            Tensor old = Tensor.zeros(Device.cpu(), DType.FLOAT64, members, elements);
            Tensor delta = Noise.standardNormal(Device.cpu(), seed, 0, 1, elements)
                    .to(DType.FLOAT64)
                    .mul(.1);
            Tensor next = Noise.standardNormal(Device.cpu(), seed, 1, members, elements)
                    .to(DType.FLOAT64)
                    .mul(s);
            GaussianStep before = new GaussianStep(old, s);
            GaussianStep after = new GaussianStep(old.add(delta), s);
            GaussianStep opposite = new GaussianStep(old.sub(delta), s);
            double meanSquare = delta.square().mean().itemDouble();
            double shift = meanSquare / (2 * s * s);
            assertMoments(after.logRatio(before, next).toDoubles(), -shift, 2 * shift / elements);
            double[] normalised = after.normalisedLogRatio(before, next).toDoubles();
            assertMoments(normalised, 0, meanSquare / elements);
            double[] mirrored = opposite.normalisedLogRatio(before, next).toDoubles();
            double[] exact = after.logRatio(before, next).toDoubles();
            double[] exactMirrored = opposite.logRatio(before, next).toDoubles();
            for (int b = 0; b < members; b++) {
                assertThat(mirrored[b]).isEqualTo(-normalised[b]);
                assertThat(exact[b] + exactMirrored[b]).isCloseTo(-2 * shift, within(1e-10));
            }
        }
    }

    @Property(tries = 60)
    void property3_noMemberMovesAnothersRatio(
            @ForAll("kernels") TransitionKernel kernel,
            @ForAll @IntRange(min = 0, max = 8) int i,
            @ForAll @IntRange(max = 1000) int seed) {
        Scenes.training(() -> {
            StepBatch batch = Scenes.batch(kernel.at(SD3, i), 1, seed, 1, 1, -1);
            Tensor mean = Scenes.moved(batch, seed, 1e-3);
            Tensor other =
                    Ops.concat(List.of(mean.slice(0, 0, 2), mean.slice(0, 2, 3).add(.5)), 0);
            for (ImportanceRatio ratio : ImportanceRatio.values()) {
                List<Double> before = logRatios(ratio, batch, mean);
                List<Double> after = logRatios(ratio, batch, other);
                assertThat(after.subList(0, 2)).isEqualTo(before.subList(0, 2));
                assertThat(after.get(2)).isNotEqualTo(before.get(2));
            }
        });
    }

    @Property(tries = 60)
    void property4_sumsAndMeansClipTheSameMembers(
            @ForAll @IntRange(min = 0, max = 8) int i,
            @ForAll @IntRange(max = 1000) int seed,
            @ForAll @Scale(5) @DoubleRange(min = 1e-5, max = 1e-2) double size) {
        Scenes.training(() -> {
            Transition step = new FlowSde(.7).at(SD3, i);
            StepBatch batch = Scenes.batch(step, 1, seed, 1, -1, 1, -1);
            Tensor mean = Scenes.moved(batch, seed, size);
            StepDiagnostics seen = Objective.grpoGuard(ClipRange.symmetric(2e-6))
                    .loss(batch, mean)
                    .diagnostics();
            double summedRange = 24 * 2e-6 * Math.sqrt(65_536.0 / 24);
            double[] summed = batch.next()
                    .sub(batch.oldMean())
                    .mul(mean.sub(batch.oldMean()))
                    .reshape(4, 24)
                    .sumFloat64(1)
                    .div(step.s())
                    .toDoubles();
            for (int b = 0; b < 4; b++) {
                assertThat(seen.logRatio().get(b) * 24).isCloseTo(summed[b], within(1e-12));
                assertThat(seen.sides().get(b) == TrustRegion.Side.ABOVE).isEqualTo(summed[b] > summedRange);
                assertThat(seen.sides().get(b) == TrustRegion.Side.BELOW).isEqualTo(summed[b] < -summedRange);
            }
        });
    }

    @Property(tries = 60)
    void property5_withoutNoiseEveryStepIsDiffusersEuler(
            @ForAll @IntRange(min = 2, max = 20) int steps, @ForAll @IntRange(max = 1000) int seed) {
        try (Scope scope = Scope.open()) {
            SigmaSchedule schedule = SigmaSchedule.sd3(steps, 3);
            Tensor latents = Noise.standardNormal(Device.cpu(), seed, 0, 1, 2, 3, 4);
            Tensor velocity = Noise.standardNormal(Device.cpu(), seed, 1, 1, 2, 3, 4);
            for (int i = 0; i < steps; i++) {
                float dt = (float) schedule.sigma(i + 1) - (float) schedule.sigma(i);
                Tensor euler = latents.add(velocity.mul(dt));
                assertThat(new OdeKernel()
                                .at(schedule, i)
                                .mean(latents, velocity)
                                .toFloats())
                        .isEqualTo(euler.toFloats());
                for (TransitionKernel kernel : List.of(new FlowSde(0), new DanceSde(0), new Cps(0))) {
                    Tensor mean = kernel.at(schedule, i).mean(latents, velocity);
                    assertThat(mean.allFinite()).isTrue();
                    assertThat(mean.toFloats()).containsExactly(euler.toFloats(), within(1e-6f));
                }
            }
            // The last step of CPS has no noise of its own accord.
            assertThat(new Cps(.8).at(schedule, steps - 1).s()).isZero();
        }
    }

    @Property(tries = 20)
    void property6_theSdesKeepTheMarginalsAndCpsDoesNot(@ForAll @DoubleRange(min = .1, max = .7) double noise) {
        assertThat(finalVariance(new FlowSde(noise))).isCloseTo(1, within(.01));
        assertThat(finalVariance(new DanceSde(Math.min(noise, .3)))).isCloseTo(1, within(.01));
        assertThat(finalVariance(new Cps(.8))).isCloseTo(.65, within(.01));
    }

    @Property(tries = 200)
    void property7_advantagesDependOnNoOrderAndTiedGroupsTeachNothing(
            @ForAll @Size(min = 2, max = 9) List<@DoubleRange(min = -3, max = 3) Double> first,
            @ForAll @Size(min = 2, max = 9) List<@DoubleRange(min = -3, max = 3) Double> second,
            @ForAll @DoubleRange(min = -3, max = 3) double same,
            @ForAll long seed) {
        RewardWeights weights = RewardWeights.only("ocr");
        RewardedGroup tied = Scenes.group(3, same, same, same);
        List<Double> shuffled = new ArrayList<>(first);
        Collections.shuffle(shuffled, new Random(seed));
        for (AdvantageEstimator estimator : List.of(
                new GroupAdvantage(Spread.GROUP, 5),
                new GroupAdvantage(Spread.ITERATION, 5),
                new CombinedAdvantage(5),
                new GdpoAdvantage(5))) {
            List<GroupAdvantages> one = estimator.estimate(List.of(group(1, first), group(2, second), tied), weights);
            List<GroupAdvantages> other =
                    estimator.estimate(List.of(tied, group(2, second), group(1, shuffled)), weights);
            assertThat(other.get(1).values()).isEqualTo(one.get(1).values());
            for (int member = 0; member < first.size(); member++) {
                assertThat(other.get(2).values().get(shuffled.indexOf(first.get(member))))
                        .isEqualTo(one.get(0).values().get(member));
            }
            assertThat(one.get(2).tied()).isTrue();
            assertThat(one.get(2).values()).containsOnly(0.0);
            // Where all are tied, every worker finds every group tied and none has an optimizer step.
            assertThat(estimator.estimate(List.of(tied, Scenes.group(4, 1, 1)), weights))
                    .allSatisfy(group -> assertThat(group.tied()).isTrue());
        }
        Scenes.training(() -> {
            StepBatch batch = Scenes.batch(new FlowSde(.7).at(SD3, 4), 1, seed & 0xFFFF, 0, 0);
            Tensor mean = Scenes.moved(batch, 3, .1).duplicate().requireGradient();
            Objective.grpoGuard(ClipRange.symmetric(2e-6))
                    .loss(batch, mean)
                    .averagedOver(2)
                    .backward();
            assertThat(Objects.requireNonNull(mean.gradient()).abs().sum().item())
                    .isZero();
        });
    }

    @Property(tries = 20)
    void property8_aBranchTellsOfItsOwnStepAndWeightsAverageToOne(
            @ForAll @IntRange(min = 3, max = 12) int steps,
            @ForAll @DoubleRange(min = .1, max = 1) double noise,
            @ForAll @IntRange(max = 1000) int seed,
            @ForAll @IntRange(max = 100) int chosen) {
        SigmaSchedule schedule = SigmaSchedule.sd3(steps, 3);
        FlowSde kernel = new FlowSde(noise);
        assertThat(IntStream.range(0, steps - 1)
                        .mapToDouble(i -> StepWeight.RELATIVE_NOISE.of(kernel, schedule, i))
                        .average())
                .hasValueCloseTo(1.0, within(1e-12));
        try (Scope scope = Scope.open()) {
            GroupLayout layout =
                    new Branches(2, Compared.SEED).layout(new AllButLast(), steps, new GroupKey(seed, 0, 0), 2);
            List<Long> seeds = new ArrayList<>(
                    LongStream.range(0, layout.members()).boxed().toList());
            Tensor initial = TrajectorySampler.initialLatents(Device.cpu(), List.of((long) seed), 2, 3, 4);
            TrajectorySampler sampler = new TrajectorySampler(schedule, kernel);
            GroupVelocityField field =
                    (latents, sigma, origins) -> latents.mul(sigma).sin();
            Tensor before = sampler.sample(field, initial, layout, seeds).finalLatents();
            int member = chosen % layout.members();
            seeds.set(member, -1L);
            Tensor after = sampler.sample(field, initial, layout, seeds).finalLatents();
            for (int other = 0; other < layout.members(); other++) {
                boolean same = Arrays.equals(
                        before.slice(0, other, other + 1).toFloats(),
                        after.slice(0, other, other + 1).toFloats());
                assertThat(same).isEqualTo(other != member);
            }
        }
    }

    @Property(tries = 60)
    void property9_theReferenceHasNoDivergenceFromItself(
            @ForAll("kernels") TransitionKernel kernel,
            @ForAll @IntRange(min = 0, max = 8) int i,
            @ForAll Form form,
            @ForAll @IntRange(max = 1000) int seed) {
        Scenes.training(() -> {
            StepBatch batch = Scenes.batch(kernel.at(SD3, i), 1, seed, 1, -1);
            StepLoss loss = Objective.flowGrpo(ClipRange.symmetric(1e-4)).loss(batch, batch.oldMean());
            StepLoss same = new KlToReference(.04, form)
                    .addTo(loss, batch.oldMean(), batch.oldMean().duplicate());
            assertThat(same.diagnostics().klToReference()).containsExactly(0.0, 0.0);
            assertThat(same.perMember().toDoubles()).isEqualTo(loss.perMember().toDoubles());
        });
    }

    @Property(tries = 40)
    void property10_howABatchIsCutChangesNoGradient(
            @ForAll("kernels") TransitionKernel kernel,
            @ForAll @IntRange(min = 0, max = 8) int i,
            @ForAll ImportanceRatio ratio,
            @ForAll @IntRange(max = 1000) int seed) {
        Scenes.training(() -> {
            StepBatch whole = Scenes.batch(kernel.at(SD3, i), 2, seed, -1.5, .5, 2, 1);
            Objective objective = new Objective(ratio, ClipRange.symmetric(1e-4));
            float[] together = gradient(objective, whole, seed, 4);
            float[] apart = gradient(objective, whole, seed, 1);
            double largest = 0;
            for (float value : together) {
                largest = Math.max(largest, Math.abs(value));
            }
            for (int k = 0; k < together.length; k++) {
                assertThat((double) apart[k]).isCloseTo(together[k], within(1e-6 * largest));
            }
        });
    }

    private static float[] gradient(Objective objective, StepBatch whole, long seed, int size) {
        Tensor mean = Scenes.moved(whole, seed, 1e-4).duplicate().requireGradient();
        for (int from = 0; from < 4; from += size) {
            StepBatch part = new StepBatch(
                    whole.transition(),
                    whole.weight(),
                    whole.members().subList(from, from + size),
                    whole.next().slice(0, from, from + size),
                    whole.oldMean().slice(0, from, from + size));
            objective
                    .loss(part, mean.slice(0, from, from + size))
                    .averagedOver(4)
                    .backward();
        }
        return Objects.requireNonNull(mean.gradient()).toFloats();
    }

    private static List<Double> logRatios(ImportanceRatio ratio, StepBatch batch, Tensor mean) {
        return new Objective(ratio, ClipRange.symmetric(1e-4))
                .loss(batch, mean)
                .diagnostics()
                .logRatio();
    }

    /** On the exact velocity field of x0 ~ N(0, 1) every step is linear, so the variance of x can be followed exactly. */
    private static double finalVariance(TransitionKernel kernel) {
        SigmaSchedule schedule = SigmaSchedule.sd3(1000, 3);
        double variance = 1;
        for (int i = 0; i < schedule.steps(); i++) {
            Transition step = kernel.at(schedule, i);
            double t = step.sigma();
            double velocityPerLatent = (2 * t - 1) / ((1 - t) * (1 - t) + t * t);
            double factor = step.cx() + step.cv() * velocityPerLatent;
            variance = factor * factor * variance + step.s() * step.s();
        }
        return variance;
    }

    private static void assertMoments(double[] values, double mean, double variance) {
        double n = values.length;
        double sampleMean = DoubleStream.of(values).sum() / n;
        double sampleVariance = DoubleStream.of(values)
                        .map(value -> (value - sampleMean) * (value - sampleMean))
                        .sum()
                / n;
        assertThat(sampleMean).isCloseTo(mean, within(5 * Math.sqrt(variance / n)));
        assertThat(sampleVariance).isCloseTo(variance, within(5 * variance * Math.sqrt(2 / n)));
    }

    private static RewardedGroup group(long id, List<Double> rewards) {
        return Scenes.group(
                id, rewards.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
