package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AdamWTest {

    private static final Device CPU = Device.cpu();
    private static final int STEPS = 12;
    private static final int RATE_CHANGE = 6;
    private static final double TOLERANCE = 5e-7;

    private static AdamWConfig config() {
        return new AdamWConfig(3e-2, .9, .99, 1e-6, .1);
    }

    /** Takes steps from one number to another, checking each. */
    private static void follow(Golden golden, AdamW optimizer, Tensor a, Tensor b, int from, int to) {
        for (int step = from; step <= to; step++) {
            if (step == RATE_CHANGE) {
                optimizer.setLearningRate(1e-2);
            }
            setGradient(golden, a, "a.grad." + step);
            setGradient(golden, b, "b.grad." + step);
            optimizer.step();
            golden.requireClose("a." + step, a, TOLERANCE);
            golden.requireClose("b." + step, b, TOLERANCE);
        }
    }

    /** The gradient of <w, g> with respect to w is g; without one in the file, the parameter has none yet. */
    private static void setGradient(Golden golden, Tensor parameter, String name) {
        if (golden.has(name)) {
            parameter.zeroGradient();
            parameter.mul(golden.get(name)).sum().backward();
        }
    }

    @Test
    void twelveStepsAreThoseOfPyTorch() {
        Compute.on(CPU).training(() -> {
            Golden golden = Golden.read("adamw.safetensors");
            Tensor a = golden.leaf("a.0");
            Tensor b = golden.leaf("b.0");
            try (AdamW optimizer = new AdamW(List.of(a, b), config())) {
                follow(golden, optimizer, a, b, 1, STEPS);
            }
            return 0;
        });
    }

    @Test
    void aRestoredOptimizerContinuesAsIfNothingHadHappened() {
        Compute.on(CPU).training(() -> {
            Golden golden = Golden.read("adamw.safetensors");
            Tensor a = golden.leaf("a.0");
            Tensor b = golden.leaf("b.0");
            byte[] saved;
            try (AdamW optimizer = new AdamW(List.of(a, b), config())) {
                follow(golden, optimizer, a, b, 1, 3);
                saved = Safetensors.encode(optimizer.state(), Map.of());
            }
            try (AdamW optimizer = new AdamW(List.of(a, b), config())) {
                optimizer.restore(Safetensors.decode(ByteBuffer.wrap(saved), CPU));
                follow(golden, optimizer, a, b, 4, STEPS);
            }
            return 0;
        });
    }

    @Test
    void aParameterWithoutAGradientStays() {
        Compute.on(CPU).training(() -> {
            Tensor a = Tensor.ones(CPU, DType.FLOAT32, 2).requireGradient();
            try (AdamW optimizer = new AdamW(List.of(a), config())) {
                optimizer.step();
                assertThat(a.toFloats()).containsExactly(1, 1);
                assertThat(optimizer.state().get("state.0.step")).isNotNull().satisfies(step -> assertThat(step.item())
                        .isZero());
            }
            return 0;
        });
    }

    @Test
    void aStateOfOtherParametersIsRefusedWhole() {
        Compute.on(CPU).training(() -> {
            Tensor a = Tensor.ones(CPU, DType.FLOAT32, 2).requireGradient();
            try (AdamW optimizer = new AdamW(List.of(a), config())) {
                Map<String, Tensor> state = new HashMap<>(optimizer.state());
                state.put("state.0.exp_avg", Tensor.ones(CPU, DType.FLOAT32, 3));
                assertThatThrownBy(() -> optimizer.restore(state))
                        .isInstanceOf(InputException.class)
                        .hasMessageContaining("state.0.exp_avg")
                        .hasMessageContaining("[3]");
                state.remove("state.0.exp_avg");
                assertThatThrownBy(() -> optimizer.restore(state))
                        .isInstanceOf(InputException.class)
                        .hasMessageContaining("missing");
            }
            return 0;
        });
    }
}
