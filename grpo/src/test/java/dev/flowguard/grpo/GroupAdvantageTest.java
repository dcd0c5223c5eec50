package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.GroupAdvantage.Spread;
import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class GroupAdvantageTest {
    private static final RewardWeights OCR = RewardWeights.only("ocr");

    @Test
    void theStandardDeviationIsThePopulationsPlusAFloor() {
        GroupAdvantages group = only(Spread.GROUP, 0, 0, 1, 1);
        assertThat(group.std()).isEqualTo(.5);
        assertThat(group.values()).containsExactly(-.5 / .5001, -.5 / .5001, .5 / .5001, .5 / .5001);
    }

    @Test
    void overTheIterationAGroupCountsInProportionToItsSpread() {
        List<GroupAdvantages> both =
                new GroupAdvantage(Spread.ITERATION, 5).estimate(List.of(group(1, 0, 2), group(2, .9, 1.1)), OCR);
        double std = Math.sqrt((1 + 1 + .01 + .01) / 4);
        assertThat(both.get(0).values().get(1)).isCloseTo(1 / (std + 1e-4), within(1e-12));
        assertThat(both.get(1).values().get(1)).isCloseTo(.1 / (std + 1e-4), within(1e-12));
        assertThat(both.get(1).mean()).isEqualTo(1);
    }

    @Test
    void advantagesAreLimited() {
        double[] oneWinner = new double[100];
        oneWinner[7] = 1;
        assertThat(only(Spread.GROUP, oneWinner).values().get(7)).isEqualTo(5);
        double[] oneLoser = new double[100];
        oneLoser[7] = -1;
        assertThat(only(Spread.GROUP, oneLoser).values().get(7)).isEqualTo(-5);
    }

    @Test
    void aTiedGroupTeachesNothingAndSaysSo() {
        GroupAdvantages tied = only(Spread.GROUP, .1, .1, .1);
        assertThat(tied.tied()).isTrue();
        assertThat(tied.std()).isZero();
        assertThat(tied.values()).containsOnly(0.0);
        assertThat(only(Spread.GROUP, .1, .1, Math.nextUp(.1)).tied()).isFalse();
    }

    @Test
    void rewardsAreWeighedRaw() {
        RewardedGroup group = new RewardedGroup(
                1, Map.of("ocr", List.of(0.0, 1.0), "size", List.of(-10.0, -40.0), "gold", List.of(7.0, 8.0)));
        GroupAdvantages advantages = new GroupAdvantage(Spread.GROUP, 5)
                .estimate(List.of(group), new RewardWeights(Map.of("ocr", 1.0, "size", .1)))
                .get(0);
        assertThat(advantages.totals()).containsExactly(-1.0, -3.0);
        assertThat(advantages.values().get(0)).isPositive();
    }

    @Test
    void whatCannotBeComparedIsRefused() {
        assertThatThrownBy(() -> group(9, 1))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("group 9: 1 member");
        assertThatThrownBy(() -> group(9, 1, Double.NaN))
                .hasMessageContaining("group 9, member 1: reward 'ocr' is NaN");
        assertThatThrownBy(() -> group(9, Double.POSITIVE_INFINITY, 1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new RewardedGroup(9, Map.of())).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new RewardedGroup(9, Map.of("a", List.of(1.0, 2.0), "b", List.of(1.0, 2.0, 3.0))))
                .isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new GroupAdvantage(Spread.GROUP, 5)
                        .estimate(List.of(group(9, 1, 2)), RewardWeights.only("pickscore")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("'pickscore' is weighted but missing");
        assertThatThrownBy(() -> new RewardWeights(Map.of("ocr", 0.0))).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new RewardWeights(Map.of("ocr", Double.NaN))).isInstanceOf(InputException.class);
    }

    @Property(tries = 300)
    void noOrderOfGroupsOrMembersChangesABit(
            @ForAll @Size(min = 2, max = 9) List<@DoubleRange(min = -3, max = 3) Double> first,
            @ForAll @Size(min = 2, max = 9) List<@DoubleRange(min = -3, max = 3) Double> second,
            @ForAll Spread spread,
            @ForAll long seed) {
        List<Double> shuffled = new ArrayList<>(first);
        Collections.shuffle(shuffled, new Random(seed));
        GroupAdvantage estimator = new GroupAdvantage(spread, 5);
        List<GroupAdvantages> one = estimator.estimate(List.of(group(1, first), group(2, second)), OCR);
        List<GroupAdvantages> other = estimator.estimate(List.of(group(2, second), group(1, shuffled)), OCR);
        assertThat(other.get(0).values()).isEqualTo(one.get(1).values());
        for (int member = 0; member < first.size(); member++) {
            int moved = shuffled.indexOf(first.get(member));
            assertThat(other.get(1).values().get(moved))
                    .isEqualTo(one.get(0).values().get(member));
        }
    }

    @Property(tries = 300)
    void advantagesOfAGroupAverageToZero(
            @ForAll @Size(min = 2, max = 24) List<@DoubleRange(min = 0, max = 1) Double> rewards) {
        List<Double> values = new GroupAdvantage(Spread.GROUP, Double.MAX_VALUE)
                .estimate(List.of(group(1, rewards)), OCR)
                .get(0)
                .values();
        assertThat(values.stream().mapToDouble(Double::doubleValue).sum()).isCloseTo(0, within(1e-9));
    }

    private static GroupAdvantages only(Spread spread, double... rewards) {
        return new GroupAdvantage(spread, 5)
                .estimate(List.of(group(1, rewards)), OCR)
                .get(0);
    }

    private static RewardedGroup group(long id, double... rewards) {
        return group(id, Arrays.stream(rewards).boxed().toList());
    }

    private static RewardedGroup group(long id, List<Double> rewards) {
        return new RewardedGroup(id, Map.of("ocr", rewards));
    }
}
