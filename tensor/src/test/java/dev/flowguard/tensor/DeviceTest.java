package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {

    @Test
    void readsPyTorchsNotation() {
        assertThat(Device.parse("cpu")).isEqualTo(Device.cpu());
        assertThat(Device.parse("cuda")).isEqualTo(Device.cuda(0));
        assertThat(Device.parse("cuda:7")).isEqualTo(Device.cuda(7)).hasToString("cuda:7");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:12345", "CPU"})
    void refusesWhatIsNone(String text) {
        assertThatThrownBy(() -> Device.parse(text))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("device '" + text + "' is unknown");
    }

    @Test
    void theCpuCanAlwaysBeUsed() {
        assertThatCode(() -> Device.cpu().requireUsable()).doesNotThrowAnyException();
    }

    /** The libtorch of the build has no CUDA; and no machine has this many GPUs. */
    @Test
    void aDeviceThatIsNotThereSaysHowToMendIt() {
        assertThatThrownBy(() -> Compute.on(Device.cuda(99)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("device cuda:99 cannot be used")
                .hasMessageContaining("PYTORCH_LIBRARY_PATH")
                .hasMessageContaining("nvidia-smi -L")
                .message()
                .doesNotContain("\n");
    }
}
