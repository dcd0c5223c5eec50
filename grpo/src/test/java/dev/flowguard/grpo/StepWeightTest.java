package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StepWeightTest {
    private static final SigmaSchedule SD3 = Scenes.SD3;
    private static final FlowSde FLOW_SDE = new FlowSde(.7);

    @Test
    void guardsDeltaIsThePapers() {
        assertThat(StepWeight.INVERSE_DT.of(FLOW_SDE, SD3, 4)).isCloseTo(Golden.value("guard.4.delta"), within(1e-9));
        assertThat(StepWeight.INVERSE_DT.of(FLOW_SDE, SD3, 4)).isCloseTo(12.0351729, within(5e-8));
        assertThat(StepWeight.BETA_OVER_DT.of(FLOW_SDE, SD3, 4)).isCloseTo(1.245 * 12.0351729, within(1e-6));
        assertThat(StepWeight.INVERSE_BETA_DT.of(FLOW_SDE, SD3, 4)).isCloseTo(12.0351729 / 1.245, within(1e-6));
        assertThat(StepWeight.ONE.of(FLOW_SDE, SD3, 4)).isEqualTo(1);
    }

    @Test
    void tempFlowsWeightIsThePapersTable() {
        double[] table = {1.577, 1.673, 1.208, 1.004, .882, .795, .719, .635, .508};
        for (int i = 0; i < table.length; i++) {
            assertThat(StepWeight.RELATIVE_NOISE.of(FLOW_SDE, SD3, i)).isCloseTo(table[i], within(1.5e-3));
            // The published code: 2.25 s.
            assertThat(StepWeight.RELATIVE_NOISE.of(FLOW_SDE, SD3, i))
                    .isCloseTo(2.25 * FLOW_SDE.at(SD3, i).s(), within(3e-3));
        }
    }

    /** After RatioNorm a step's gradient with respect to the velocity is beta dt; 1/(beta dt) evens it out everywhere. */
    @ParameterizedTest
    @ValueSource(strings = {"flow-sde", "dance-sde", "cps"})
    void theInverseOfBetaDtEvensOutEveryKernel(String name) {
        TransitionKernel kernel = TransitionKernel.named(name, .3);
        for (int i = 0; i < 9; i++) {
            double gradient = Math.abs(kernel.at(SD3, i).cv()) * StepWeight.INVERSE_BETA_DT.of(kernel, SD3, i);
            assertThat(gradient).isCloseTo(1, within(1e-12));
        }
    }

    @Test
    void whatIsPrintedForDanceGrpoLeavesBetaSquared() {
        SigmaSchedule schedule = SigmaSchedule.sd3(16, 3);
        DanceSde kernel = new DanceSde(.3);
        for (int i = 0; i < 15; i++) {
            Transition step = kernel.at(schedule, i);
            double gradient = Math.abs(step.cv()) * StepWeight.BETA_OVER_DT.of(kernel, schedule, i);
            assertThat(gradient).isCloseTo(step.beta() * step.beta(), within(1e-12));
        }
    }
}
