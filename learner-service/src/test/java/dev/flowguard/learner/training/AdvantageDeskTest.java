package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.grpo.AdvantageEstimator;
import dev.flowguard.grpo.CombinedAdvantage;
import dev.flowguard.grpo.GdpoAdvantage;
import dev.flowguard.grpo.GroupAdvantage;
import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.grpo.RewardWeights;
import dev.flowguard.learner.coordination.Batch;
import dev.flowguard.learner.coordination.GroupSpec;
import dev.flowguard.learner.coordination.MemberSeeds;
import dev.flowguard.learner.coordination.Score;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.prompts.Prompt;
import dev.flowguard.proto.v1.Purpose;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of groups whose optional reward is missing: never a zero, and nobody else's affair. */
class AdvantageDeskTest {

    private static final int MEMBERS = 5;
    private static final RewardWeights BOTH = new RewardWeights(Map.of("ocr", 1.0, "pick", 3.0));

    static Stream<AdvantageEstimator> estimators() {
        return Stream.of(
                new GroupAdvantage(GroupAdvantage.Spread.GROUP, 5),
                new GroupAdvantage(GroupAdvantage.Spread.ITERATION, 5),
                new CombinedAdvantage(5),
                new GdpoAdvantage(5));
    }

    @ParameterizedTest
    @MethodSource("estimators")
    void aGroupTrainsOnTheRewardsThatAllItsMembersHave(AdvantageEstimator estimator) {
        ScoredGroup whole = group(1);
        AdvantageDesk onlyOcr = new AdvantageDesk(estimator, RewardWeights.only("ocr"));
        AdvantageDesk both = new AdvantageDesk(estimator, BOTH);

        assertThat(values(both, without(whole, "pick", 0, 1, 2, 3, 4)))
                .isEqualTo(values(both, without(whole, "pick", 2)))
                .isEqualTo(values(onlyOcr, whole));
    }

    @ParameterizedTest
    @MethodSource("estimators")
    void aMissingScoreChangesTheAdvantagesOfItsOwnGroupOnly(AdvantageEstimator estimator) {
        AdvantageDesk desk = new AdvantageDesk(estimator, BOTH);
        List<List<Double>> alone = values(desk, group(1), group(3));
        List<List<Double>> beside = values(desk, group(1), without(group(2), "pick", 4), group(3));

        assertThat(List.of(beside.get(0), beside.get(2))).isEqualTo(alone);
    }

    @ParameterizedTest
    @MethodSource("estimators")
    void leavingARewardOutIsATieInItAndNotAZeroForSome(AdvantageEstimator estimator) {
        if (estimator.equals(new GroupAdvantage(GroupAdvantage.Spread.ITERATION, 5))) {
            // Over the iteration a tie at another level spreads the totals of the groups; see the invariant above.
            return;
        }
        AdvantageDesk desk = new AdvantageDesk(estimator, BOTH);
        List<Double> missing = values(desk, without(group(1), "pick", 0)).get(0);
        List<Double> tied = values(desk, tied(group(1), "pick")).get(0);

        for (int member = 0; member < MEMBERS; member++) {
            assertThat(missing.get(member)).isCloseTo(tied.get(member), org.assertj.core.api.Assertions.within(1e-9));
        }
    }

    private static List<List<Double>> values(AdvantageDesk desk, ScoredGroup... groups) {
        return desk.estimate(new Batch(List.of(groups), List.of())).stream()
                .map(group -> group.advantages().values())
                .toList();
    }

    private static ScoredGroup group(int seed) {
        Random random = new Random(seed);
        List<Map<String, Score>> scores = IntStream.range(0, MEMBERS)
                .mapToObj(member -> Map.of("ocr", score(random.nextDouble()), "pick", score(random.nextDouble())))
                .toList();
        return group(seed, scores);
    }

    private static ScoredGroup without(ScoredGroup group, String reward, int... members) {
        List<Map<String, Score>> scores = scores(group);
        for (int member : members) {
            scores.get(member).remove(reward);
        }
        return group(group.spec().groupId(), scores);
    }

    private static ScoredGroup tied(ScoredGroup group, String reward) {
        List<Map<String, Score>> scores = scores(group);
        scores.forEach(of -> of.put(reward, score(7)));
        return group(group.spec().groupId(), scores);
    }

    private static List<Map<String, Score>> scores(ScoredGroup group) {
        List<Map<String, Score>> scores = new ArrayList<>();
        group.members().forEach(member -> scores.add(new LinkedHashMap<>(member.scores())));
        return scores;
    }

    private static Score score(double value) {
        return new Score(value, "scorer", "1", Map.of());
    }

    private static ScoredGroup group(long id, List<Map<String, Score>> scores) {
        List<ScoredMember> members = new ArrayList<>();
        for (int member = 0; member < MEMBERS; member++) {
            members.add(new ScoredMember(
                    new MemberSeeds(Prompt.of("a sign"), member, member), List.of(), scores.get(member), null));
        }
        GroupSpec spec = new GroupSpec(
                id,
                0,
                Purpose.PURPOSE_TRAINING,
                members.stream().map(ScoredMember::seeds).toList(),
                GroupLayout.ofChains(MEMBERS, List.of(0)),
                false);
        return new ScoredGroup(
                spec, 0, "w", List.of(), List.of(), List.of(), members, List.of(), new ScoredGroup.Times(0, 0, 0));
    }
}
