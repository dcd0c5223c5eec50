package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.learner.training.RewardDrift.Pairs;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RewardDriftTest {

    @Test
    void isTheCorrelationOfRanksWhereEqualScoresShareTheirMeanRank() {
        // Ranks 0, 2.5, 2.5, 4, 1 and 0, 3, 1.5, 4, 1.5: covariance 8.75, variances 9.5 each.
        assertThat(RewardDrift.spearman(List.of(.1, .4, .4, .9, .2), List.of(1.0, 3.0, 2.0, 5.0, 2.0)))
                .isCloseTo(8.75 / 9.5, within(1e-12));
    }

    @Test
    void countsWithinGroupsOnly() {
        // Across the groups both rise together; within them they contradict each other.
        RewardDrift drift = RewardDrift.over(List.of(
                new Pairs(List.of(0.0, 1.0), List.of(1.0, 0.0)), new Pairs(List.of(10.0, 11.0), List.of(11.0, 10.0))));

        assertThat(drift.rankCorrelation()).isEqualTo(-1.0);
        assertThat(drift.meanShift()).isEqualTo(0.0);
    }

    @Test
    void oneWhoSeesNoDifferenceWhereTheOtherDoesIsUncorrelated() {
        Pairs tied = new Pairs(List.of(.5, .5), List.of(.5, .5));
        assertThat(RewardDrift.over(List.of(tied)).rankCorrelation()).isNull();
        assertThat(RewardDrift.over(List.of(tied, new Pairs(List.of(.1, .2), List.of(0.0, 0.0))))
                        .rankCorrelation())
                .isEqualTo(0.0);
        assertThat(RewardDrift.over(List.of(tied, new Pairs(List.of(.1, .2), List.of(.3, .4))))
                        .rankCorrelation())
                .isEqualTo(1.0);
    }

    @Property
    void risingTransformsKeepTheOrder(
            @ForAll @Size(min = 2, max = 20) List<@DoubleRange(min = -5, max = 5) Double> scores,
            @ForAll @DoubleRange(min = .1, max = 10) double scale,
            @ForAll @DoubleRange(min = -10, max = 10) double shift) {
        List<Double> moved = scores.stream().map(score -> scale * score + shift).toList();
        List<Double> turned = scores.stream().map(score -> -score).toList();
        boolean tied = Collections.min(moved).equals(Collections.max(moved));

        assertThat(RewardDrift.spearman(scores, scores))
                .isCloseTo(Collections.min(scores).equals(Collections.max(scores)) ? 0 : 1, within(1e-12));
        if (!tied
                && moved.stream().distinct().count()
                        == scores.stream().distinct().count()) {
            assertThat(RewardDrift.spearman(scores, moved)).isCloseTo(1, within(1e-12));
            assertThat(RewardDrift.spearman(scores, turned)).isCloseTo(-1, within(1e-12));
        }
    }
}
