package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.learner.training.OverOptimisationSentinel.Evidence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.DoubleStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class OverOptimisationSentinelTest {

    private static final int PROMPTS = 64;
    private static final int EVALUATIONS = 20;
    private static final int PATIENCE = 3;
    private static final double MARGIN = 2.5;

    /**
     * Evaluations of fixed prompts: each prompt has a difficulty of its own, and every evaluation noise of its own, as large
     * as the quickstart's (a word is read or not).
     */
    private static List<Evidence> course(long seed, double noise, IntToDoubleFunction proxy, IntToDoubleFunction gold) {
        Random random = new Random(seed);
        double[] difficulty = random.doubles(PROMPTS, -.3, .3).toArray();
        List<Evidence> course = new ArrayList<>();
        for (int t = 0; t < EVALUATIONS; t++) {
            double proxyMean = proxy.applyAsDouble(t);
            double goldMean = gold.applyAsDouble(t);
            course.add(new Evidence(
                    10 * t,
                    DoubleStream.of(difficulty)
                            .map(d -> proxyMean - d + noise * random.nextGaussian())
                            .boxed()
                            .toList(),
                    Map.of(
                            "fidelity",
                            DoubleStream.of(difficulty)
                                    .map(d -> goldMean - d + noise * random.nextGaussian())
                                    .boxed()
                                    .toList())));
        }
        return course;
    }

    /** The iteration of the first alarm; -1 for none. */
    private static int firstAlarm(List<Evidence> course) {
        OverOptimisationSentinel sentinel = OverOptimisationSentinel.fresh(PATIENCE, MARGIN);
        for (Evidence evidence : course) {
            sentinel = sentinel.after(evidence);
            if (!sentinel.alarms().isEmpty()) {
                return evidence.iteration();
            }
        }
        return -1;
    }

    private static double alarmRate(double noise, IntToDoubleFunction proxy, IntToDoubleFunction gold) {
        int runs = 2000;
        int alarms = 0;
        for (int seed = 0; seed < runs; seed++) {
            alarms += firstAlarm(course(seed, noise, proxy, gold)) >= 0 ? 1 : 0;
        }
        return (double) alarms / runs;
    }

    @Test
    void noiseRarelyAlarms() {
        assertThat(alarmRate(.25, t -> .6, t -> .8)).as("both level").isLessThan(.005);
        assertThat(alarmRate(.25, t -> .5 + .02 * t, t -> .8))
                .as("the proxy rises, gold is level")
                .isLessThan(.02);
        assertThat(alarmRate(.25, t -> .5 + .02 * t, t -> .7 + .005 * t))
                .as("both rise")
                .isLessThan(.005);
        assertThat(alarmRate(.25, t -> .8 - .01 * t, t -> .8 - .01 * t))
                .as("both fall: a collapse, not this")
                .isLessThan(.005);
    }

    @Test
    void aGoldRewardThatFallsUnderARisingProxyIsFound() {
        assertThat(alarmRate(.25, t -> .5 + .02 * t, t -> .8 - .015 * Math.max(0, t - 5)))
                .isGreaterThan(.99);
    }

    @Test
    void withoutNoiseTheAlarmComesAfterAsManyEvaluationsAsPatience() {
        List<Evidence> course = course(1, 0, t -> .5 + .01 * t, t -> t <= 6 ? .7 + .01 * t : .76 - .01 * (t - 6));

        assertThat(firstAlarm(course)).isEqualTo(10 * (6 + PATIENCE));
    }

    @Test
    void theBestEvaluationIsRememberedAndPatienceComesBack() {
        OverOptimisationSentinel sentinel = OverOptimisationSentinel.fresh(PATIENCE, MARGIN);
        for (Evidence evidence : course(1, 0, t -> .5 + .01 * t, t -> t <= 6 ? .7 + .01 * t : .76 - .01 * (t - 6))) {
            sentinel = sentinel.after(evidence);
        }

        assertThat(sentinel.best("fidelity")).isEqualTo(60);
        assertThat(sentinel.alarms()).containsExactly("fidelity");
        assertThat(sentinel.patientAgain().alarms()).isEmpty();
        assertThat(sentinel.patientAgain().best("fidelity")).isEqualTo(60);
    }

    @Test
    void everyGoldRewardHasItsOwnAlarm() {
        OverOptimisationSentinel sentinel = OverOptimisationSentinel.fresh(2, MARGIN);
        for (int t = 0; t < 4; t++) {
            double up = .1 * t;
            sentinel = sentinel.after(new Evidence(
                    t, List.of(up, up), Map.of("rises", List.of(up, up), "falls", List.of(1 - up, 1 - up))));
        }

        assertThat(sentinel.alarms()).containsExactly("falls");
    }

    /** INVARIANT: units do not matter, only the order of changes against their own noise. */
    @Property(tries = 200)
    void scalingAndShiftingARewardChangesNothing(
            @ForAll long seed,
            @ForAll @DoubleRange(min = .01, max = 100) double scale,
            @ForAll @DoubleRange(min = -10, max = 10) double offset) {
        List<Evidence> course = course(seed, .2, t -> .5 + .02 * t, t -> .8 - .01 * t);
        List<Evidence> other = course.stream()
                .map(evidence -> new Evidence(
                        evidence.iteration(),
                        scaled(evidence.proxy(), scale, offset),
                        Map.of(
                                "fidelity",
                                scaled(evidence.gold().getOrDefault("fidelity", List.of()), scale, -offset))))
                .toList();

        assertThat(firstAlarm(other)).isEqualTo(firstAlarm(course));
    }

    /** INVARIANT: no alarm without as many evaluations as patience after the best one. */
    @Property(tries = 200)
    void moreMarginOrPatienceNeverAlarmsEarlier(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 6) int patience,
            @ForAll @DoubleRange(max = 4) double margin) {
        List<Evidence> course = course(seed, .2, t -> .5 + .02 * t, t -> .8 - .01 * t);
        OverOptimisationSentinel eager = OverOptimisationSentinel.fresh(patience, margin);
        OverOptimisationSentinel patient = OverOptimisationSentinel.fresh(patience + 1, margin);
        OverOptimisationSentinel strict = OverOptimisationSentinel.fresh(patience, margin + 1);
        for (Evidence evidence : course) {
            eager = eager.after(evidence);
            patient = patient.after(evidence);
            strict = strict.after(evidence);
            assertThat(eager.alarms()).containsAll(patient.alarms()).containsAll(strict.alarms());
            if (!eager.alarms().isEmpty()) {
                assertThat(evidence.iteration() - eager.best("fidelity")).isGreaterThanOrEqualTo(10 * patience);
            }
        }
    }

    private static List<Double> scaled(List<Double> values, double scale, double offset) {
        return values.stream().map(value -> scale * value + offset).toList();
    }
}
