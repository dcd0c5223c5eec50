package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** DJL aborts the JVM, without an exception, when a type that it does not know reaches its native half. */
class DTypeGuardTest {

    private static final Device CPU = Device.cpu();

    @Test
    void bfloat16NeverReachesDjl() {
        assertThatThrownBy(DType.BFLOAT16::toDjl)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("BFLOAT16");
    }

    @Test
    @Timeout(120)
    void everyOperationOnBfloat16IsSafe() throws InterruptedException {
        try (ForkedJvm jvm = ForkedJvm.start(Bfloat16.class)) {
            String output = jvm.readUntil("still alive");
            assertThat(jvm.exitCode()).as(output).isZero();
            assertThat(output).contains("still alive");
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyTypeCanBeMadeReadAndCast(DType dtype) {
        Compute.on(CPU).inference(() -> {
            Tensor ones = Tensor.full(CPU, 1, dtype, 2, 3);
            assertThat(ones.dtype()).isEqualTo(dtype);
            assertThat(ones.toBytes()).hasSize(6 * dtype.bytes());
            assertThat(ones.toLongs()).containsOnly(1);
            assertThat(ones.sum().itemDouble()).isEqualTo(6);
            for (DType other : DType.values()) {
                Tensor cast = ones.to(other);
                assertThat(cast.dtype()).isEqualTo(other);
                assertThat(cast.toFloats()).containsOnly(1);
                assertThat(cast.toDoubles()).containsOnly(1);
            }
            return 0;
        });
    }

    /** Whatever the facade offers, on the type that is most dangerous. */
    static final class Bfloat16 {

        private Bfloat16() {}

        public static void main(String[] arguments) {
            Compute.on(CPU).training(() -> {
                Tensor leaf = Tensor.full(CPU, .5, DType.BFLOAT16, 2, 4, 4, 4).requireGradient();
                Tensor x = leaf.add(1)
                        .mul(2)
                        .sub(1)
                        .div(2)
                        .mul(leaf)
                        .neg()
                        .exp()
                        .log()
                        .tanh()
                        .sigmoid();
                x = x.silu()
                        .gelu()
                        .geluTanh()
                        .quickGelu()
                        .relu()
                        .clamp(-1, 1)
                        .square()
                        .add(1)
                        .sqrt()
                        .rsqrt();
                x = x.softmax(-1)
                        .minimum(leaf)
                        .maximum(leaf)
                        .cumsum(0)
                        .abs()
                        .sin()
                        .cos()
                        .expm1();
                x = Tensor.where(x.gt(0), x, leaf);
                x = Ops.layerNorm(x, null, null, 1e-5);
                x = Ops.attention(x, x, x, null, true);
                x = Ops.rmsNorm(x, Tensor.ones(CPU, DType.BFLOAT16, 4), 1e-5);
                Tensor four = Tensor.ones(CPU, DType.BFLOAT16, 4);
                x = Ops.groupNorm(x, 2, four, four, 1e-5);
                x = Ops.conv2d(x, Tensor.ones(CPU, DType.BFLOAT16, 4, 4, 3, 3), four, 1, 1);
                x = Ops.upsampleNearest2x(Ops.linear(x, Tensor.ones(CPU, DType.BFLOAT16, 4, 4), four));
                x = Ops.concat(List.of(x, x.duplicate()), 1)
                        .transpose(1, 2)
                        .reshape(-1, 8)
                        .to(CPU);
                x.sum(true, 0, 1).add(x.mean()).add(x.norm()).sum().backward();
                boolean finite = x.allFinite() && leaf.detach().sumFloat64().itemDouble() == 64;
                leaf.assign(Tensor.zeros(CPU, DType.BFLOAT16, 2, 4, 4, 4));
                leaf.zeroGradient();
                System.out.println(finite ? "still alive" : "wrong values");
                return 0;
            });
        }
    }
}
