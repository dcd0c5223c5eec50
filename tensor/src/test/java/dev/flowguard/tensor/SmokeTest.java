package dev.flowguard.tensor;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SmokeTest {

    private static final Device CPU = Device.cpu();

    @Test
    void aGradientComesBack() {
        float[] gradient = Compute.on(CPU).training(() -> {
            Tensor w = Tensor.of(CPU, new float[] {1, 2, 3}, 3).requireGradient();
            Tensor x = Tensor.of(CPU, new float[] {4, 5, 6}, 3);
            x.mul(w).mul(2).sum().backward();
            return requireNonNull(w.gradient()).toFloats();
        });
        assertThat(gradient).containsExactly(8, 10, 12);
    }

    @Test
    void everyOperationOfTheLibraryRuns() {
        Compute.on(CPU).training(() -> {
            Tensor x = Noise.standardNormal(CPU, 1, 2, 2, 4, 8, 8).requireGradient();
            Tensor w = Tensor.ones(CPU, DType.FLOAT32, 4).requireGradient();
            Tensor n = Tensor.ones(CPU, DType.FLOAT32, 8).requireGradient();
            Tensor k = Tensor.ones(CPU, DType.FLOAT32, 4, 4, 3, 3).requireGradient();
            Tensor y = Ops.groupNorm(x, 2, w, w, 1e-5)
                    .silu()
                    .geluTanh()
                    .clamp(-1, 1)
                    .square()
                    .add(1)
                    .rsqrt()
                    .expm1();
            y = Ops.rmsNorm(y, n, 1e-6);
            y = Ops.convTranspose2d(Ops.conv2d(y, k, w, 1, 1), k, w, 1, 1);
            y = Ops.attention(y, y, y, null, false);
            y = Ops.attention(y, y, y, null, true);
            y = Ops.attention(y, y, y, Tensor.zeros(CPU, DType.FLOAT32, 8, 8), false);
            y = y.to(DType.BFLOAT16).softmax(-1).to(DType.FLOAT32);
            y = Ops.layerNorm(Ops.upsampleNearest2x(y), null, null, 1e-5);
            y.to(CPU).square().mean(false, 1, 2, 3).sum().backward();
            Tensor g = requireNonNull(x.gradient());
            assertThat(g.allFinite()).isTrue();
            x.assign(Tensor.zeros(CPU, DType.FLOAT32, 2, 4, 8, 8));
            assertThat(x.toFloats()).containsOnly(0);
            x.zeroGradient();
            assertThat(g.toFloats()).containsOnly(0);
            Tensor b = Tensor.full(CPU, 1.5, DType.BFLOAT16, 3);
            assertThat(b.toBytes()).containsExactly(0xC0, 0x3F, 0xC0, 0x3F, 0xC0, 0x3F);
            assertThat(b.add(1).toFloats()).containsOnly(2.5f);
            return 0;
        });
    }
}
