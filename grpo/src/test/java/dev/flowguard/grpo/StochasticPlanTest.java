package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.InputException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class StochasticPlanTest {
    private static final GroupKey GROUP = new GroupKey(42, 3, 17);

    @Test
    void allButTheLast() {
        assertThat(new AllButLast().stochasticSteps(5, GROUP)).containsExactly(0, 1, 2, 3);
    }

    @Property(tries = 300)
    void aPlanDependsOnItsKeyAloneAndStaysInsideTheSchedule(
            @ForAll long seed,
            @ForAll @IntRange(min = 0, max = 1000) int iteration,
            @ForAll long group,
            @ForAll @IntRange(min = 3, max = 40) int steps,
            @ForAll @IntRange(min = 1, max = 2) int size) {
        for (StochasticPlan plan :
                List.of(new AllButLast(), new Window(0, (steps - 1) / 2, size), new RandomSubset(size))) {
            List<Integer> drawn = plan.stochasticSteps(steps, new GroupKey(seed, iteration, group));
            assertThat(drawn).isEqualTo(plan.stochasticSteps(steps, new GroupKey(seed, iteration, group)));
            assertThat(drawn).isSorted().doesNotHaveDuplicates().allMatch(step -> step >= 0 && step < steps);
        }
    }

    @Test
    void theMovingWindowRestsMovesOnAndBeginsAnew() {
        MovingWindow window = new MovingWindow(4, 1, new Dwell.Constant(25), true);
        assertThat(window.stochasticSteps(25, at(0))).containsExactly(0, 1, 2, 3);
        assertThat(window.stochasticSteps(25, at(24))).containsExactly(0, 1, 2, 3);
        assertThat(window.stochasticSteps(25, at(25))).containsExactly(1, 2, 3, 4);
        // 21 places of 25 iterations; the last holds steps 20 to 23, never step 24.
        assertThat(window.stochasticSteps(25, at(21 * 25 - 1))).containsExactly(20, 21, 22, 23);
        assertThat(window.stochasticSteps(25, at(21 * 25))).containsExactly(0, 1, 2, 3);
        MovingWindow staying = new MovingWindow(4, 1, new Dwell.Constant(25), false);
        assertThat(staying.stochasticSteps(25, at(1_000_000_000L))).containsExactly(20, 21, 22, 23);
    }

    @Test
    void theMovingWindowStaysWholeWhereAStrideWouldCarryItPastTheEnd() {
        MovingWindow window = new MovingWindow(3, 4, new Dwell.Constant(1), true);
        assertThat(window.stochasticSteps(10, at(0))).containsExactly(0, 1, 2);
        assertThat(window.stochasticSteps(10, at(1))).containsExactly(4, 5, 6);
        assertThat(window.stochasticSteps(10, at(2))).containsExactly(6, 7, 8);
        assertThat(window.stochasticSteps(10, at(3))).containsExactly(0, 1, 2);
    }

    @Test
    void theWindowIsTheSameForAllGroupsOfAnIteration() {
        MovingWindow window = new MovingWindow(2, 1, new Dwell.Constant(2), true);
        for (long group = 0; group < 20; group++) {
            assertThat(window.stochasticSteps(10, new GroupKey(group, 5, group)))
                    .containsExactly(2, 3);
        }
    }

    @Test
    void dwellsAreMixGrpos() {
        Dwell linear = new Dwell.Linear(10, 1);
        assertThat(linear.at(0, 24)).isEqualTo(10);
        assertThat(linear.at(12, 24)).isEqualTo(5);
        assertThat(linear.at(23, 24)).isEqualTo(1);
        Dwell exponential = new Dwell.Exponential(5, 13, .1);
        assertThat(exponential.at(13, 24)).isEqualTo(5);
        assertThat(exponential.at(14, 24)).isEqualTo(5);
        assertThat(exponential.at(20, 24)).isEqualTo(3);
        assertThat(new MovingWindow(4, 1, linear, true).stochasticSteps(25, at(10)))
                .containsExactly(1, 2, 3, 4);
    }

    @Test
    void aFractionOfTheStepsIsTrainedAndAllAreStochastic() {
        TimestepFraction plan = new TimestepFraction(.6);
        assertThat(plan.stochasticSteps(16, GROUP)).hasSize(15);
        assertThat(plan.trainedSteps(16, GROUP)).hasSize(9).isSubsetOf(plan.stochasticSteps(16, GROUP));
        assertThat(plan.trainedSteps(16, new GroupKey(42, 3, 18))).isNotEqualTo(plan.trainedSteps(16, GROUP));
        assertThat(new AllButLast().trainedSteps(5, GROUP)).containsExactly(0, 1, 2, 3);
    }

    @Test
    void randomStepsMayComeFromTheFirstPart() {
        for (long group = 0; group < 50; group++) {
            assertThat(new RandomSubset(3, .5).stochasticSteps(10, new GroupKey(1, 0, group)))
                    .hasSize(3)
                    .allMatch(step -> step < 5);
        }
        assertThat(new RandomSubset(9, 1).stochasticSteps(10, GROUP)).hasSize(9).doesNotContain(9);
    }

    @Test
    void everyStartOfAWindowIsEquallyLikely() {
        assertUniform(new Window(1, 4, 2), 10, Map.of(List.of(1, 2), .25, List.of(2, 3), .25, List.of(3, 4), .25));
    }

    @Test
    void everySubsetIsEquallyLikely() {
        assertUniform(
                new RandomSubset(2), 5, Map.of(List.of(0, 1), 1 / 6.0, List.of(0, 3), 1 / 6.0, List.of(2, 3), 1 / 6.0));
    }

    @Test
    void theDrawsAreTheSameForEver() {
        assertThat(new RandomSubset(4).stochasticSteps(20, GROUP)).containsExactly(2, 6, 15, 18);
        assertThat(new Window(0, 100, 1).stochasticSteps(102, GROUP)).containsExactly(68);
    }

    @Test
    void whatDoesNotFitTheScheduleIsRefused() {
        assertThatThrownBy(() -> new Window(0, 4, 2).stochasticSteps(5, GROUP))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("2 steps that begins at step 4");
        assertThatThrownBy(() -> new Window(3, 2, 2)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new Window(0, Integer.MAX_VALUE, 2).stochasticSteps(5, GROUP))
                .isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new RandomSubset(5).stochasticSteps(5, GROUP)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new MovingWindow(5, 1, new Dwell.Constant(1), true).stochasticSteps(5, GROUP))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("larger than the 4 steps it moves over");
        assertThatThrownBy(() -> new MovingWindow(1, 0, new Dwell.Constant(1), true))
                .isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new Dwell.Constant(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new Dwell.Exponential(1, 0, Double.NaN)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new TimestepFraction(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new TimestepFraction(.1).trainedSteps(5, GROUP))
                .hasMessageContaining("of 4 steps is none");
        assertThatThrownBy(() -> new RandomSubset(3, .2).stochasticSteps(10, GROUP))
                .hasMessageContaining("3 random steps out of 2");
        assertThatThrownBy(() -> new RandomSubset(1, 0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new RandomSubset(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new AllButLast().stochasticSteps(1, GROUP)).isInstanceOf(InputException.class);
    }

    private static GroupKey at(long iteration) {
        return new GroupKey(42, iteration, 0);
    }

    private static void assertUniform(StochasticPlan plan, int steps, Map<List<Integer>, Double> shares) {
        int groups = 12_000;
        Map<List<Integer>, Integer> counts = new HashMap<>();
        LongStream.range(0, groups)
                .forEach(
                        group -> counts.merge(plan.stochasticSteps(steps, new GroupKey(1, 0, group)), 1, Integer::sum));
        shares.forEach((choice, share) -> {
            double deviation = Math.sqrt(groups * share * (1 - share));
            assertThat(counts.getOrDefault(choice, 0) - groups * share).isBetween(-4 * deviation, 4 * deviation);
        });
    }
}
