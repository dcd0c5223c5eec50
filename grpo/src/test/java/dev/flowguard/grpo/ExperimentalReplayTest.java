package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.ExperimentalReplay.Candidate;
import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ExperimentalReplayTest {
    private static final ExperimentalReplay REPLAY = new ExperimentalReplay(2, 3, .3, .1);

    @Test
    void theBestOfTheYoungAreReplayed() {
        List<Candidate> candidates = List.of(
                new Candidate(1, 9, .9),
                new Candidate(2, 8, .5),
                new Candidate(3, 9, .5),
                new Candidate(5, 6, 1),
                new Candidate(6, 10, 1));
        assertThat(REPLAY.select(candidates, 10)).extracting(Candidate::groupId).containsExactly(1L, 3L);
    }

    /** INVARIANT: forgetting what is not worth keeping changes no later selection. */
    @Property
    void whatIsForgottenWouldNeverHaveBeenSelected(
            @ForAll @Size(min = 12, max = 12) List<@Size(4) List<@IntRange(max = 5) Integer>> rewards) {
        List<Candidate> all = new ArrayList<>();
        List<Candidate> kept = new ArrayList<>();
        for (int iteration = 0; iteration < rewards.size(); iteration++) {
            assertThat(REPLAY.select(kept, iteration)).isEqualTo(REPLAY.select(all, iteration));
            for (int group = 0; group < 4; group++) {
                Candidate candidate = new Candidate(
                        4L * iteration + group,
                        iteration,
                        rewards.get(iteration).get(group));
                all.add(candidate);
                kept.add(candidate);
            }
            kept = new ArrayList<>(REPLAY.worthKeeping(kept, iteration));
            assertThat(kept).hasSizeLessThanOrEqualTo(2 * 3);
        }
    }

    @Test
    void lateStepsAreDropped() {
        GroupLayout layout = GroupLayout.ofChains(2, List.of(0, 3, 6, 7, 8));
        GroupLayout kept = REPLAY.kept(layout, 10);

        assertThat(kept.trainedSteps()).containsExactly(0, 3, 6);
        assertThat(kept.paths().get(1).stochasticSteps()).containsExactly(0, 3, 6, 7, 8);
        assertThat(new ExperimentalReplay(1, 1, 0, 0).kept(layout, 10)).isEqualTo(layout);
    }

    @Test
    void theImportanceWeightIsTheBoundedTrajectoryRatio() {
        Scenes.training(() -> {
            StepBatch first = Scenes.batch(new FlowSde(.7).at(Scenes.SD3, 2), 1, 1, 1, -1);
            StepBatch second = Scenes.batch(new FlowSde(.7).at(Scenes.SD3, 5), 1, 2, 1, -1);
            Objective objective = Objective.flowGrpo(ClipRange.symmetric(1e-4));
            StepDiagnostics one =
                    objective.loss(first, Scenes.moved(first, 3, 1e-3)).diagnostics();
            StepDiagnostics other =
                    objective.loss(second, Scenes.moved(second, 4, 1e-3)).diagnostics();
            Map<Integer, Double> weights = REPLAY.importanceWeights(List.of(one, other));
            for (int b = 0; b < 2; b++) {
                double sum =
                        one.densityLogRatio().get(b) + other.densityLogRatio().get(b);
                assertThat(weights.get(b)).isCloseTo(Math.exp(sum), within(1e-15));
            }
            StepDiagnostics far = objective
                    .loss(first, first.oldMean().add(first.next().sub(first.oldMean())))
                    .diagnostics();
            assertThat(REPLAY.importanceWeights(List.of(far)).values()).containsOnly(Math.exp(.1));
            assertThat(REPLAY.importanceWeights(List.of())).isEmpty();
        });
    }

    @Test
    void whatCannotBeReplayedIsRefused() {
        assertThatThrownBy(() -> new ExperimentalReplay(0, 1, 0, 1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new ExperimentalReplay(1, 0, 0, 1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new ExperimentalReplay(1, 1, 1, 1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new ExperimentalReplay(1, 1, 0, Double.NaN)).isInstanceOf(InputException.class);
    }
}
