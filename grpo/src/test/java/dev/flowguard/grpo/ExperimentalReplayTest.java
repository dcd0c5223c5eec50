package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.ExperimentalReplay.Candidate;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExperimentalReplayTest {
    private static final ExperimentalReplay REPLAY = new ExperimentalReplay(2, 3, .3, .1);

    @Test
    void theBestOfTheYoungAndUntiedAreReplayed() {
        List<Candidate> candidates = List.of(
                candidate(1, 9, .9, false),
                candidate(2, 8, .5, false),
                candidate(3, 9, .5, false),
                candidate(4, 9, 1, true),
                candidate(5, 6, 1, false),
                candidate(6, 10, 1, false));
        assertThat(REPLAY.select(candidates, 10)).extracting(Candidate::groupId).containsExactly(1L, 3L);
    }

    @Test
    void lateStepsAreDropped() {
        assertThat(REPLAY.keptSteps(List.of(0, 3, 6, 7, 8), 10)).containsExactly(0, 3, 6);
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
            List<Double> weights = REPLAY.importanceWeights(List.of(one, other));
            for (int b = 0; b < 2; b++) {
                double sum =
                        one.densityLogRatio().get(b) + other.densityLogRatio().get(b);
                assertThat(weights.get(b)).isCloseTo(Math.exp(sum), within(1e-15));
            }
            StepDiagnostics far = objective
                    .loss(first, first.oldMean().add(first.next().sub(first.oldMean())))
                    .diagnostics();
            assertThat(REPLAY.importanceWeights(List.of(far))).containsOnly(Math.exp(.1));
            assertThat(REPLAY.importanceWeights(List.of())).isEmpty();
        });
    }

    @Test
    void theReanchoredRatioStartsAtOneAndTheAdvantageCarriesTheWeight() {
        Scenes.training(() -> {
            StepBatch sampled = Scenes.batch(new FlowSde(.7).at(Scenes.SD3, 2), 1, 1, 1, -1);
            Tensor anchor = Scenes.moved(sampled, 3, .1);
            StepBatch again = REPLAY.reanchored(sampled, anchor, List.of(1.1, .9));
            assertThat(again.members()).extracting(TrainedMember::advantage).containsExactly(1.1, -.9);
            StepLoss loss = Objective.flowGrpo(ClipRange.symmetric(1e-4)).loss(again, anchor.duplicate());
            assertThat(loss.diagnostics().logRatio()).containsOnly(0.0);
            assertThat(loss.perMember().toDoubles()).containsExactly(-1.1, .9);
        });
    }

    @Test
    void whatCannotBeReplayedIsRefused() {
        assertThatThrownBy(() -> new ExperimentalReplay(0, 1, 0, 1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new ExperimentalReplay(1, 0, 0, 1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new ExperimentalReplay(1, 1, 1, 1)).isInstanceOf(InputException.class);
        assertThatThrownBy(() -> new ExperimentalReplay(1, 1, 0, Double.NaN)).isInstanceOf(InputException.class);
    }

    private static Candidate candidate(long id, long iteration, double mean, boolean tied) {
        return new Candidate(id, iteration, new GroupAdvantages(id, List.of(), List.of(), mean, tied ? 0 : .1, tied));
    }
}
