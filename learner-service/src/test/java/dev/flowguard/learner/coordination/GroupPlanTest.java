package dev.flowguard.learner.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.learner.prompts.Prompt;
import dev.flowguard.learner.prompts.Prompts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GroupPlanTest {
    private static final List<String> PROMPTS =
            IntStream.range(0, 10).mapToObj(i -> "prompt " + i).toList();

    static Prompts prompts(List<String> texts) {
        return Prompts.of(texts.stream().map(Prompt::of).toList());
    }

    private static GroupPlan plan(long seed) {
        return new GroupPlan(new GroupPlan.Settings(
                seed,
                3,
                prompts(PROMPTS),
                prompts(List.of("x", "y", "z")),
                1,
                2,
                2,
                1,
                (iteration, index) -> GroupLayout.ofChains(4, List.of(index))));
    }

    @Test
    void everyEpochHoldsEveryPromptOnceAndNoTwoEpochsAreAlike() {
        List<List<String>> epochs = IntStream.range(0, 3)
                .mapToObj(epoch -> LongStream.range(10L * epoch, 10L * epoch + 10)
                        .mapToObj(g ->
                                plan(5).training(g).members().get(0).prompt().text())
                        .toList())
                .toList();
        assertThat(epochs).allSatisfy(epoch -> assertThat(epoch).containsExactlyInAnyOrderElementsOf(PROMPTS));
        assertThat(new HashSet<>(epochs)).hasSize(3);
    }

    @Test
    void aRunKnowsThePromptsThatItWillDraw() {
        assertThat(plan(5).prompts(2))
                .containsExactlyElementsOf(Stream.concat(
                                LongStream.range(0, 6).mapToObj(g -> plan(5).training(g)
                                        .members()
                                        .get(0)
                                        .prompt()
                                        .text()),
                                Stream.of("x", "y", "z"))
                        .toList());
        assertThat(plan(5).prompts(1000)).hasSize(13).doesNotHaveDuplicates();
    }

    /** Runs of earlier versions go on with the prompts that they began with. */
    @Test
    void theOrderIsThatOfTheJdksShuffle() {
        PromptOrder order = new PromptOrder(5, 1000);
        for (long epoch : new long[] {0, 1, 0, 7}) {
            List<Integer> shuffled =
                    new ArrayList<>(IntStream.range(0, 1000).boxed().toList());
            Collections.shuffle(shuffled, new Random(Seeds.derive(5, Seeds.Stream.PROMPT_ORDER, epoch)));
            assertThat(LongStream.range(1000 * epoch, 1000 * epoch + 1000).mapToObj(order::at))
                    .containsExactlyElementsOf(shuffled);
        }
    }

    @Test
    void aGroupDependsOnTheSeedAndItsOrdinalAlone() {
        assertThat(plan(5).training(17)).isEqualTo(plan(5).training(17)).isNotEqualTo(plan(6).training(17));
        assertThat(plan(5).training(17).iteration()).isEqualTo(5);
        assertThat(plan(5).training(17).layout().trainedSteps()).containsExactly(2);
    }

    @Test
    void noTwoSeedsOfARunAreTheSame() {
        Set<Long> seeds = new HashSet<>();
        int members = 0;
        for (long ordinal = 0; ordinal < 300; ordinal++) {
            for (MemberSeeds member : plan(5).training(ordinal).members()) {
                seeds.add(member.initialNoise());
                seeds.add(member.transitionNoise());
                members++;
            }
        }
        assertThat(seeds).hasSize(2 * members);
    }

    @Test
    void evaluationsDifferInTheirIdsAlone() {
        List<GroupSpec> first = plan(5).evaluation(0);
        List<GroupSpec> later = plan(6).evaluation(20);
        assertThat(first)
                .extracting(GroupSpec::members)
                .isEqualTo(later.stream().map(GroupSpec::members).toList());
        assertThat(first).extracting(GroupSpec::returnImages).containsExactly(true, false);
        assertThat(first.get(1).groupId()).isNotEqualTo(later.get(1).groupId()).isGreaterThan(1L << 61);
    }

    /** Pinned: a run must resume with the seeds it began with. */
    @Test
    void seedsStayWhatTheyWere() {
        assertThat(Seeds.derive(42, Seeds.Stream.INITIAL_NOISE, 1, 2, 3)).isEqualTo(PINNED);
    }

    // From the formula in Seeds, computed outside Java.
    private static final long PINNED = -6362102761999517541L;
}
