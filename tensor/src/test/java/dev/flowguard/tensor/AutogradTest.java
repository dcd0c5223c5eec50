package dev.flowguard.tensor;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class AutogradTest {

    private static final Device CPU = Device.cpu();

    @Test
    void gradientsOfATransformerBlockAreThoseOfPyTorch() {
        Compute.on(CPU).training(() -> {
            GoldenTransformer transformer = GoldenTransformer.read();
            Tensor loss = transformer.loss();
            transformer.requireGoldenLoss(loss);
            loss.backward();
            transformer.requireGoldenGradients();
            return loss.item();
        });
    }

    @Test
    void gradientsAddUpUntilTheyAreZeroed() {
        Compute.on(CPU).training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {1, 2}, 2).requireGradient();
            assertThat(w.gradient()).isNull();
            w.mul(3).sum().backward();
            w.mul(4).sum().backward();
            assertThat(requireNonNull(w.gradient()).toFloats()).containsExactly(7, 7);
            w.zeroGradient();
            assertThat(requireNonNull(w.gradient()).toFloats()).containsExactly(0, 0);
            return 0;
        });
    }

    @Test
    void aVectorJacobianProductEqualsTheGradientOfTheWhole() {
        Compute.on(CPU).training(() -> {
            Tensor x = Noise.standardNormal(CPU, 1, 0, 3, 4).requireGradient();
            x.square().exp().sum().backward();
            float[] whole = requireNonNull(x.gradient()).toFloats();
            x.zeroGradient();

            // Checkpointing by hand: the second half on a detached copy, then the first half recomputed.
            Tensor middle = x.square().detach().requireGradient();
            middle.exp().sum().backward();
            Autograd.backward(List.of(x.square()), List.of(requireNonNull(middle.gradient())));
            assertThat(requireNonNull(x.gradient()).toFloats()).containsExactly(whole);
            return whole;
        });
    }

    @Test
    void severalOutputsAreOneBackward() {
        Compute.on(CPU).training(() -> {
            Tensor x = Tensor.of(CPU, new float[] {1, 2}, 2).requireGradient();
            Tensor shared = x.mul(2);
            Tensor twos = Tensor.full(CPU, 2, DType.FLOAT32, 2);
            Tensor threes = Tensor.full(CPU, 3, DType.FLOAT32, 2);
            Autograd.backward(List.of(shared.square(), shared.mul(5)), List.of(twos, threes));
            // d/dx of 2 (2x)^2 + 3 * 10x
            assertThat(requireNonNull(x.gradient()).toFloats()).containsExactly(46, 62);
            return 0;
        });
    }

    @Test
    void backwardWithoutAGraphSaysSo() {
        Compute.on(CPU).inference(() -> {
            Tensor w = Tensor.ones(CPU, DType.FLOAT32, 2).requireGradient();
            assertThatThrownBy(() -> w.mul(2).sum().backward())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Compute.training");
            assertThatThrownBy(() -> w.backward())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("one number");
            return 0;
        });
    }

    @Test
    void assigningLeavesNoTraceInTheGraph() {
        Compute.on(CPU).training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {1, 2}, 2).requireGradient();
            w.assign(Tensor.ofDoubles(CPU, new double[] {3, 4}, 2));
            assertThat(w.toFloats()).containsExactly(3, 4);
            w.square().sum().backward();
            assertThat(requireNonNull(w.gradient()).toFloats()).containsExactly(6, 8);
            return 0;
        });
    }

    @Test
    void inferenceInsideTrainingRecordsNothing() {
        Compute compute = Compute.on(CPU);
        compute.training(() -> {
            Tensor w = Tensor.ones(CPU, DType.FLOAT32, 2).requireGradient();
            Tensor reference = compute.inference(() -> w.mul(3).keep());
            w.mul(reference).sum().backward();
            assertThat(requireNonNull(w.gradient()).toFloats()).containsExactly(3, 3);
            return 0;
        });
    }
}
