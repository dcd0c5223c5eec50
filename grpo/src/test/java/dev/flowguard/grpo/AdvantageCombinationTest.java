package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.GroupAdvantage.Spread;
import dev.flowguard.tensor.InputException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Several rewards: MixGRPO's combination and GDPO. */
class AdvantageCombinationTest {
    private static final RewardWeights BOTH = new RewardWeights(Map.of("ocr", 1.0, "size", .5));
    private static final RewardedGroup GROUP =
            new RewardedGroup(1, Map.of("ocr", List.of(0.0, 1.0, 1.0), "size", List.of(-30.0, -10.0, -20.0)));
    private static final double OCR_STD = Math.sqrt(2) / 3;
    private static final double SIZE_STD = 10 * Math.sqrt(2.0 / 3);

    @Test
    void combinedAdvantagesAddStandardisedRewards() {
        GroupAdvantages advantages =
                new CombinedAdvantage(5).estimate(List.of(GROUP), BOTH).get(0);
        assertThat(advantages.values().get(0))
                .isCloseTo(-2 / 3.0 / (OCR_STD + 1e-4) - .5 * 10 / (SIZE_STD + 1e-4), within(1e-12));
        assertThat(advantages.values().get(2)).isCloseTo(1 / 3.0 / (OCR_STD + 1e-4), within(1e-12));
        assertThat(advantages.totals()).containsExactly(-15.0, -4.0, -9.0);
        assertThat(new CombinedAdvantage(.5)
                        .estimate(List.of(GROUP), BOTH)
                        .get(0)
                        .values())
                .allSatisfy(value -> assertThat(value).isBetween(-.5, .5));
    }

    @Test
    void scalesOfRewardsDoNotMatterToThem() {
        RewardedGroup magnified =
                new RewardedGroup(1, Map.of("ocr", List.of(0.0, 1e3, 1e3), "size", List.of(-30e3, -10e3, -20e3)));
        for (AdvantageEstimator estimator : List.of(new CombinedAdvantage(5), new GdpoAdvantage(5))) {
            List<Double> plain = estimator.estimate(List.of(GROUP), BOTH).get(0).values();
            List<Double> large =
                    estimator.estimate(List.of(magnified), BOTH).get(0).values();
            for (int member = 0; member < 3; member++) {
                assertThat(large.get(member)).isCloseTo(plain.get(member), within(1e-3));
            }
        }
    }

    @Test
    void gdpoStandardisesTheSumOverTheIteration() {
        RewardedGroup other = new RewardedGroup(2, Map.of("ocr", List.of(.2, .2), "size", List.of(-1.0, -2.0)));
        List<GroupAdvantages> sums = new CombinedAdvantage(100).estimate(List.of(GROUP, other), BOTH);
        List<Double> all =
                sums.stream().flatMap(group -> group.values().stream()).toList();
        Distribution spread = Distribution.of(all);
        List<GroupAdvantages> gdpo = new GdpoAdvantage(5).estimate(List.of(GROUP, other), BOTH);
        assertThat(gdpo.get(1).values().get(0))
                .isCloseTo((sums.get(1).values().get(0) - spread.mean()) / (spread.std() + 1e-4), within(1e-12));
    }

    @Test
    void aGroupThatIsTiedInEveryRewardTeachesNothing() {
        RewardedGroup tied = new RewardedGroup(2, Map.of("ocr", List.of(.2, .2), "size", List.of(-1.0, -1.0)));
        for (AdvantageEstimator estimator : List.of(new CombinedAdvantage(5), new GdpoAdvantage(5))) {
            GroupAdvantages advantages =
                    estimator.estimate(List.of(GROUP, tied), BOTH).get(1);
            assertThat(advantages.tied()).isTrue();
            assertThat(advantages.values()).containsExactly(0.0, 0.0);
        }
    }

    @Test
    void aComparisonSetIsAGroupOfItsOwn() {
        RewardedGroup set = GROUP.subset(List.of(0, 2));
        assertThat(set)
                .isEqualTo(new RewardedGroup(1, Map.of("ocr", List.of(0.0, 1.0), "size", List.of(-30.0, -20.0))));
        assertThatThrownBy(() -> GROUP.subset(List.of(0))).isInstanceOf(InputException.class);
    }

    @Test
    void idsAreIntegersAndNeverMerge() {
        // 2^24 and 2^24 + 1 are the same fp32 number; one public code base gathers ids as such.
        List<GroupAdvantages> apart = new GroupAdvantage(Spread.GROUP, 5)
                .estimate(
                        List.of(Scenes.group(1L << 24, 0, 1), Scenes.group((1L << 24) + 1, 10, 10)),
                        RewardWeights.only("ocr"));
        assertThat(apart).extracting(GroupAdvantages::mean).containsExactly(.5, 10.0);
        assertThat(apart).extracting(GroupAdvantages::groupId).containsExactly(1L << 24, (1L << 24) + 1);
    }

    @Test
    void whatCannotBeCombinedIsRefused() {
        assertThatThrownBy(() -> new CombinedAdvantage(0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new GdpoAdvantage(Double.NaN)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new GdpoAdvantage(5).estimate(List.of(GROUP), RewardWeights.only("pickscore")))
                .hasMessageContaining("'pickscore' is weighted but missing");
        assertThatThrownBy(() -> new GroupAdvantage(Spread.GROUP, 5)
                        .estimate(List.of(Scenes.group(1, -1e308, 1e308)), RewardWeights.only("ocr")))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no finite standard deviation");
    }
}
