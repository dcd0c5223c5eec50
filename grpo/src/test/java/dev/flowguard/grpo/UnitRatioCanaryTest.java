package dev.flowguard.grpo;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnitRatioCanaryTest {
    private static final Transition STEP = new FlowSde(.7).at(SigmaSchedule.sd3(10, 3), 4);
    private static final UnitRatioCanary CANARY = UnitRatioCanary.standard();

    @Test
    void theSamePolicyPasses() {
        try (Scope scope = Scope.open()) {
            StepBatch batch = batch();
            assertThatCode(() -> CANARY.requireUnitRatio(batch, batch.oldMean(), diagnostics(0, 1e-6)))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void anotherPolicyIsRefusedWithThePlaceAndTheValues() {
        try (Scope scope = Scope.open()) {
            StepBatch batch = batch();
            Tensor mean = batch.oldMean().add(Tensor.of(Device.cpu(), new float[] {0, 0, 0, .25f, -2, 0}, 2, 3));
            assertThatThrownBy(() -> CANARY.requireUnitRatio(batch, mean, diagnostics(0, -3e-5)))
                    .isInstanceOf(UnitRatioException.class)
                    .hasMessageContaining("group 9, member 5, step 4 (sigma 0.790368)")
                    .hasMessageContaining("log ratio -3.000e-05 exceeds 1.0e-06")
                    .hasMessageContaining("element 1 of 3, 5.0000000 when sampled and 3.0000000 in training");
        }
    }

    @Test
    void notANumberIsNotOne() {
        try (Scope scope = Scope.open()) {
            StepBatch batch = batch();
            assertThatThrownBy(() -> CANARY.requireUnitRatio(batch, batch.oldMean(), diagnostics(Double.NaN, 0)))
                    .isInstanceOf(UnitRatioException.class);
            assertThatThrownBy(() -> new UnitRatioCanary(Double.NaN)).isInstanceOf(InputException.class);
        }
    }

    private static StepBatch batch() {
        Tensor mean = Tensor.of(Device.cpu(), new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        return new StepBatch(STEP, 1, members(), mean, mean);
    }

    private static List<TrainedMember> members() {
        return List.of(new TrainedMember(9, 4, 1), new TrainedMember(9, 5, -1));
    }

    private static StepDiagnostics diagnostics(double... logRatio) {
        return new StepDiagnostics(
                STEP,
                members(),
                List.of(logRatio[0], logRatio[1]),
                List.of(0.0, 0.0),
                List.of(0.0, 0.0),
                List.of(0.0, 0.0),
                List.of(TrustRegion.Side.INSIDE, TrustRegion.Side.INSIDE),
                List.of(0.0, 0.0),
                List.of());
    }
}
