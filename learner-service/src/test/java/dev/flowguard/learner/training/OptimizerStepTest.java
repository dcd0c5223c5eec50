package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.learner.coordination.GroupSpec;
import dev.flowguard.learner.coordination.MemberSeeds;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.prompts.Prompt;
import dev.flowguard.proto.v1.Purpose;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OptimizerStepTest {

    private static TrainableGroup group(long id, boolean tied) {
        List<MemberSeeds> seeds =
                List.of(new MemberSeeds(Prompt.of("a sign"), 1, 2), new MemberSeeds(Prompt.of("a sign"), 3, 4));
        BitSet taught = new BitSet();
        taught.set(0, 2, !tied);
        return new TrainableGroup(
                new ScoredGroup(
                        new GroupSpec(
                                id, 0, Purpose.PURPOSE_TRAINING, seeds, GroupLayout.ofChains(2, List.of(0, 2)), false),
                        0,
                        "worker",
                        List.of(),
                        List.of(),
                        List.of(),
                        seeds.stream()
                                .map(member -> new ScoredMember(member, List.of(), Map.of(), null))
                                .toList(),
                        List.of(),
                        new ScoredGroup.Times(0, 0, 0)),
                new MemberAdvantages(List.of(1., -1.), taught, 1, tied ? 1 : 0));
    }

    private static List<List<Long>> ids(List<OptimizerStep> steps) {
        return steps.stream()
                .map(step -> step.groups().stream()
                        .map(group -> group.group().spec().groupId())
                        .toList())
                .toList();
    }

    @Test
    void everyInnerEpochGoesThroughAllThatTeachAndOnlyTheFirstUpdateIsOnPolicy() {
        List<OptimizerStep> steps = OptimizerStep.ofIteration(
                List.of(group(1, false), group(2, true), group(3, false), group(4, false)), List.of(), 2, 2);

        assertThat(ids(steps)).containsExactly(List.of(1L), List.of(3L, 4L), List.of(1L), List.of(3L, 4L));
        assertThat(steps).extracting(OptimizerStep::first).containsExactly(true, false, false, false);
        assertThat(steps.get(1).tuples()).isEqualTo(2 * 2 * 2);
    }

    @Test
    void replayedGroupsAreSpreadAmongTheOthers() {
        List<TrainableGroup> groups =
                IntStream.rangeClosed(1, 4).mapToObj(id -> group(id, false)).toList();

        assertThat(ids(OptimizerStep.ofIteration(groups, List.of(group(8, false), group(9, false)), 2, 1)))
                .containsExactly(List.of(1L, 2L, 8L), List.of(3L, 4L, 9L));
        assertThat(ids(OptimizerStep.ofIteration(List.of(group(1, true)), List.of(group(8, false)), 2, 1)))
                .containsExactly(List.of(8L));
    }

    @Test
    void withoutAnythingToTeachThereIsNoUpdate() {
        assertThat(OptimizerStep.ofIteration(List.of(group(1, true), group(2, true)), List.of(), 2, 3))
                .isEmpty();
    }
}
