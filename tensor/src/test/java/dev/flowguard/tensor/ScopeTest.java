package dev.flowguard.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ScopeTest {

    private static final Device CPU = Device.cpu();

    private static Tensor ones() {
        return Tensor.ones(CPU, DType.FLOAT32, 2);
    }

    private static int handles() {
        return Engine.get().manager(CPU).getManagedArrays().size();
    }

    @Test
    void closesWhatWasMadeInIt() {
        Tensor made;
        int before = handles();
        try (Scope scope = Scope.open()) {
            made = ones();
            assertThat(handles()).isEqualTo(before + 1);
        }
        assertThat(handles()).isEqualTo(before);
        assertThatThrownBy(made::toFloats).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(made::shape).isInstanceOf(IllegalStateException.class);
        assertThat(made).hasToString("Tensor(closed)");
    }

    @Test
    void aKeptTensorMovesOneScopeOut() {
        Tensor kept;
        try (Scope outer = Scope.open()) {
            try (Scope inner = Scope.open()) {
                kept = ones().keep();
            }
            assertThat(kept.toFloats()).containsExactly(1, 1);
        }
        assertThatThrownBy(kept::toFloats).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void keepingATensorOfAnOuterScopeLeavesItThere() {
        Tensor outside;
        try (Scope outer = Scope.open()) {
            outside = ones();
            try (Scope inner = Scope.open()) {
                outside.keep();
            }
            assertThat(outside.toFloats()).containsExactly(1, 1);
        }
        assertThatThrownBy(outside::toFloats).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void outOfTheOutermostTheCallerOwnsIt() {
        Tensor kept;
        Tensor unscoped;
        try (Scope outer = Scope.open()) {
            kept = ones().keep();
            try (Scope inner = Scope.open()) {
                unscoped = ones().unscoped();
            }
        }
        assertThat(kept.toFloats()).containsExactly(1, 1);
        assertThat(unscoped.toFloats()).containsExactly(1, 1);
        kept.close();
        kept.close();
        unscoped.close();
        assertThatThrownBy(kept::toFloats).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void noTensorIsMadeOutsideAScope() {
        int before = handles();
        assertThatThrownBy(ScopeTest::ones)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Scope");
        assertThat(handles()).isEqualTo(before);
    }

    @Test
    void everyOperationLeavesNoHandleBehind() {
        try (Scope warmUp = Scope.open()) {
            everything();
        }
        int before = handles();
        try (Scope scope = Scope.open()) {
            everything();
        }
        assertThat(handles()).isEqualTo(before);
    }

    private static void everything() {
        Tensor x = Noise.standardNormal(CPU, 1, 1, 2, 4, 4);
        x.transpose(0, 2).toFloats();
        x.transpose(0, 1).toBytes();
        x.slice(2, 1, 3).toDoubles();
        x.to(DType.BFLOAT16).toLongs();
        x.broadcastTo(3, 2, 4, 4).toBytes();
        x.chunk(2, -1).get(1).sumFloat64().item();
        x.assign(x.mul(2));
        x.allFinite();
        Ops.attention(x.unsqueeze(0), x.unsqueeze(0), x.unsqueeze(0), null, false)
                .clamp(0, 1);
        Safetensors.decode(
                java.nio.ByteBuffer.wrap(Safetensors.encode(java.util.Map.of("x", x), java.util.Map.of())), CPU);
    }

    @Test
    void scopesCloseInReverseOrder() {
        try (Scope outer = Scope.open()) {
            Scope inner = Scope.open();
            assertThatThrownBy(outer::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("reverse order");
            inner.close();
            assertThatThrownBy(inner::close).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aScopeBelongsToItsThread() {
        try (Scope scope = Scope.open()) {
            CompletableFuture<Void> elsewhere = CompletableFuture.runAsync(() -> {
                assertThatThrownBy(scope::close)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("thread");
                assertThatThrownBy(ScopeTest::ones).isInstanceOf(IllegalStateException.class);
            });
            elsewhere.join();
        }
    }

    /** libtorch starts every thread with gradients on; whoever forgets that records graphs that nobody frees. */
    @Test
    void gradModeIsSetOnEveryThreadAndRestored() {
        for (boolean before : List.of(true, false)) {
            CompletableFuture.runAsync(() -> {
                        JniUtils.setGradMode(before);
                        try (Scope scope = Scope.open()) {
                            assertThat(JniUtils.isGradMode()).isFalse();
                        }
                        assertThat(JniUtils.isGradMode()).isEqualTo(before);
                        Compute compute = Compute.on(CPU);
                        compute.training(() -> {
                            assertThat(JniUtils.isGradMode()).isTrue();
                            compute.inference(() -> {
                                assertThat(JniUtils.isGradMode()).isFalse();
                                return 0;
                            });
                            try (Scope block = Scope.open()) {
                                assertThat(JniUtils.isGradMode()).isTrue();
                            }
                            ones().assign(ones());
                            return assertThat(JniUtils.isGradMode()).isTrue();
                        });
                        assertThat(JniUtils.isGradMode()).isEqualTo(before);
                        assertThatThrownBy(() -> compute.training(() -> {
                                    throw new UnsupportedOperationException("work failed");
                                }))
                                .hasMessage("work failed");
                        assertThat(JniUtils.isGradMode()).isEqualTo(before);
                    })
                    .join();
        }
    }
}
