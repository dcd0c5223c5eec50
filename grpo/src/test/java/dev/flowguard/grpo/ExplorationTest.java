package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.grpo.Branches.Compared;
import dev.flowguard.grpo.Chains.InitialNoise;
import dev.flowguard.tensor.InputException;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ExplorationTest {
    private static final GroupKey GROUP = new GroupKey(42, 3, 17);

    @Test
    void chainsShareTheirStepsAndCompete() {
        GroupLayout layout = new Chains(InitialNoise.OWN).layout(new Window(2, 2, 2), 8, GROUP, 3);
        assertThat(layout).isEqualTo(GroupLayout.ofChains(3, List.of(2, 3)));
        assertThat(layout.origins()).isEqualTo(3);
        assertThat(layout.comparisons()).containsExactly(List.of(0, 1, 2));
        assertThat(layout.trainedSteps()).containsExactly(2, 3);
        assertThat(layout.trainedAt(3)).containsExactly(0, 1, 2);
        assertThat(layout.tuples()).isEqualTo(6);
    }

    @Test
    void chainsOfTheSameNoiseHaveOneOrigin() {
        GroupLayout layout = new Chains(InitialNoise.SHARED).layout(new TimestepFraction(.6), 16, GROUP, 12);
        assertThat(layout.origins()).isEqualTo(1);
        assertThat(layout.paths()).allSatisfy(path -> {
            assertThat(path.stochasticSteps()).hasSize(15);
            assertThat(path.trainedSteps()).hasSize(9);
        });
    }

    @Test
    void branchesOfASeedAndStepCompeteAmongThemselves() {
        GroupLayout layout = new Branches(6, Compared.SEED).layout(new AllButLast(), 10, GROUP, 24);
        assertThat(layout.members()).isEqualTo(4 * 9 * 6);
        assertThat(layout.origins()).isEqualTo(4);
        assertThat(layout.tuples()).isEqualTo(216);
        assertThat(layout.comparisons()).hasSize(36).allSatisfy(set -> {
            assertThat(set).hasSize(6);
            assertThat(set.stream().map(member -> layout.paths().get(member).origin()))
                    .containsOnly(layout.paths().get(set.get(0)).origin());
            assertThat(set.stream().map(member -> layout.paths().get(member).stochasticSteps()))
                    .containsOnly(layout.paths().get(set.get(0)).stochasticSteps());
        });
    }

    @Test
    void branchesOfAPromptAndStepCompeteAcrossSeeds() {
        Collection<List<Integer>> sets = new Branches(6, Compared.PROMPT)
                .layout(new AllButLast(), 10, GROUP, 24)
                .comparisons();
        assertThat(sets).hasSize(9).allSatisfy(set -> assertThat(set).hasSize(24));
    }

    @Test
    void branchesMayLeaveAtSomeStepsOnly() {
        GroupLayout layout = new Branches(2, Compared.SEED).layout(new Window(1, 1, 2), 8, GROUP, 2);
        assertThat(layout.paths())
                .containsExactly(
                        new MemberPath(0, List.of(1), List.of(1), 1),
                        new MemberPath(0, List.of(1), List.of(1), 1),
                        new MemberPath(0, List.of(2), List.of(2), 2),
                        new MemberPath(0, List.of(2), List.of(2), 2));
    }

    @Property(tries = 200)
    void everyMemberCompetesExactlyOnce(
            @ForAll @IntRange(min = 3, max = 12) int steps,
            @ForAll @IntRange(min = 2, max = 6) int perStep,
            @ForAll @IntRange(min = 1, max = 4) int seeds,
            @ForAll Compared compared) {
        GroupLayout layout = new Branches(perStep, compared).layout(new AllButLast(), steps, GROUP, perStep * seeds);
        assertThat(layout.comparisons().stream().flatMap(List::stream))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, layout.members()).boxed().toList());
    }

    @Test
    void whatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> new Branches(1, Compared.SEED))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("at least 2 to compare");
        assertThatThrownBy(() -> new Branches(6, Compared.SEED).layout(new AllButLast(), 10, GROUP, 8))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("a group of 8 cannot be divided into seeds of 6");
        assertThatThrownBy(() -> new MemberPath(0, List.of(1, 2), List.of(3), 0))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("has no probability");
        assertThatThrownBy(() -> new MemberPath(0, List.of(2, 1), List.of(), 0)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new GroupLayout(List.of(new MemberPath(1, List.of(), List.of(), 0))))
                .hasMessageContaining("gap");
    }
}
