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
        assertThatThrownBy(() -> new RandomSubset(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new AllButLast().stochasticSteps(1, GROUP)).isInstanceOf(InputException.class);
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
