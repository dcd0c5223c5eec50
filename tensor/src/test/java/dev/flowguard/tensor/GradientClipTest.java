package dev.flowguard.tensor;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GradientClipTest {

    private static final Device CPU = Device.cpu();

    private static Tensor withGradient(Tensor gradient) {
        Tensor parameter = Tensor.zeros(CPU, DType.FLOAT32, gradient.shape()).requireGradient();
        parameter.mul(gradient).sum().backward();
        return parameter;
    }

    @ParameterizedTest
    @ValueSource(strings = {"above", "below"})
    void clipsAsPyTorchDoes(String name) {
        Compute.on(CPU).training(() -> {
            Golden golden = Golden.read("clipping.safetensors");
            List<Tensor> parameters =
                    List.of(withGradient(golden.get(name + ".grad.0")), withGradient(golden.get(name + ".grad.1")));
            double norm = GradientClip.globalNorm(parameters, 1);
            assertThat(norm).isCloseTo(golden.get(name + ".norm").item(), within(1e-5));
            for (int i = 0; i < parameters.size(); i++) {
                golden.requireClose(
                        name + ".clipped." + i, requireNonNull(parameters.get(i).gradient()), 1e-6);
            }
            return 0;
        });
    }

    @Test
    void bothSidesOfZeroAreClipped() {
        Compute.on(CPU).training(() -> {
            Tensor parameter = withGradient(Tensor.of(CPU, new float[] {-3, 4}, 2));
            assertThat(GradientClip.globalNorm(List.of(parameter), 1)).isCloseTo(5, within(1e-6));
            float[] clipped = requireNonNull(parameter.gradient()).toFloats();
            assertThat(clipped[0]).isCloseTo(-.6f, within(1e-6f));
            assertThat(clipped[1]).isCloseTo(.8f, within(1e-6f));
            return 0;
        });
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void aNormThatIsNoNumberIsReportedAndSpreadsNowhere(float bad) {
        Compute.on(CPU).training(() -> {
            Tensor sick = withGradient(Tensor.of(CPU, new float[] {1, bad}, 2));
            Tensor healthy = withGradient(Tensor.of(CPU, new float[] {30, 40}, 2));
            assertThat(GradientClip.globalNorm(List.of(healthy, sick), 1)).isNotFinite();
            assertThat(requireNonNull(healthy.gradient()).toFloats()).containsExactly(30, 40);
            return 0;
        });
    }

    @Test
    void noGradientsHaveNoNorm() {
        Compute.on(CPU).training(() -> {
            Tensor parameter = Tensor.ones(CPU, DType.FLOAT32, 2).requireGradient();
            assertThat(GradientClip.globalNorm(List.of(parameter), 1)).isZero();
            return 0;
        });
    }
}
