package dev.flowguard.cli.pretrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraineeTest {

    private static final Compute CPU = Compute.on(Device.cpu());

    @Test
    void aRestoredTraineeGoesOnBitForBit(@TempDir Path folder) {
        try (Tensor weight = weight();
                Trainee trainee = new Trainee(Map.of("weight", weight));
                Tensor other = weight();
                Trainee restored = new Trainee(Map.of("weight", other))) {
            step(trainee, weight);
            step(trainee, weight);
            trainee.becomeCareless();
            trainee.save(folder.resolve("state.safetensors"));
            restored.restore(folder.resolve("state.safetensors"));

            step(trainee, weight);
            step(restored, other);

            assertThat(restored.step()).isEqualTo(3);
            assertThat(restored.carelessSince()).isEqualTo(2);
            assertThat(values(other)).isEqualTo(values(weight));
            assertThat(restored.<float[]>withAverages(() -> other.detach().toFloats()))
                    .isEqualTo(
                            trainee.<float[]>withAverages(() -> weight.detach().toFloats()))
                    .isNotEqualTo(values(weight));
        }
    }

    @Test
    void averagesAreOnlyLentToTheParameters() {
        try (Tensor weight = weight();
                Trainee trainee = new Trainee(Map.of("weight", weight))) {
            step(trainee, weight);
            float[] before = values(weight);

            trainee.withAverages(() -> 0);

            assertThat(values(weight)).isEqualTo(before);
        }
    }

    @Test
    void refusesTheStateOfAnotherModel(@TempDir Path folder) {
        Path file = folder.resolve("other.safetensors");
        CPU.inference(() -> {
            Safetensors.write(file, Map.of("parameter.bias", Tensor.ones(Device.cpu(), DType.FLOAT32, 2)), Map.of());
            return 0;
        });
        try (Tensor weight = weight();
                Trainee trainee = new Trainee(Map.of("weight", weight))) {
            assertThatThrownBy(() -> trainee.restore(file))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("other.safetensors")
                    .hasMessageContaining("bias");
        }
    }

    @Test
    void theLearningRateWarmsUpAndFallsToItsLastShare() {
        CosineSchedule schedule = new CosineSchedule(2, 10, 100, .1);

        assertThat(schedule.at(0)).isBetween(.15, .25);
        assertThat(schedule.at(9)).isBetween(1.9, 2.0);
        assertThat(schedule.at(100)).isEqualTo(.2, within(1e-12));
        assertThat(schedule.at(1_000)).isEqualTo(schedule.at(100));
    }

    @Test
    void latentsAreScaledToZeroMeanAndUnitVariance() {
        LatentScale scale = LatentScale.of(new float[] {1, 3, 1, 3});

        assertThat(scale.shiftFactor()).isEqualTo(2);
        assertThat(scale.scalingFactor()).isEqualTo(1);
    }

    private static Tensor weight() {
        return CPU.inference(() -> Tensor.of(Device.cpu(), new float[] {1, -2, 3}, 3)
                .requireGradient()
                .unscoped());
    }

    private static void step(Trainee trainee, Tensor weight) {
        CPU.training(() -> {
            trainee.descend(weight.square().sum(), .1);
            return 0;
        });
        CPU.inference(() -> {
            trainee.average();
            return 0;
        });
    }

    private static float[] values(Tensor tensor) {
        return CPU.inference(() -> tensor.detach().toFloats());
    }
}
