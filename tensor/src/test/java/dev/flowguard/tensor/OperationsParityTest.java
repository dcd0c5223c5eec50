package dev.flowguard.tensor;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each operation and its gradients against PyTorch's. */
class OperationsParityTest {

    private static final Device CPU = Device.cpu();
    private static final double TOLERANCE = 2e-6;
    private static final Map<String, Function<List<Tensor>, Tensor>> OPERATIONS = operations();

    private static Map<String, Function<List<Tensor>, Tensor>> operations() {
        Map<String, Function<List<Tensor>, Tensor>> operations = new LinkedHashMap<>();
        operations.put("silu", in -> in.get(0).silu());
        operations.put("gelu", in -> in.get(0).gelu());
        operations.put("gelu_tanh", in -> in.get(0).geluTanh());
        operations.put("quick_gelu", in -> in.get(0).quickGelu());
        operations.put("relu", in -> in.get(0).relu());
        operations.put("sigmoid", in -> in.get(0).sigmoid());
        operations.put("tanh", in -> in.get(0).tanh());
        operations.put("rsqrt", in -> in.get(0).rsqrt());
        operations.put("sqrt", in -> in.get(0).sqrt());
        operations.put("exp", in -> in.get(0).exp());
        operations.put("expm1", in -> in.get(0).expm1());
        operations.put("log", in -> in.get(0).log());
        operations.put("sin", in -> in.get(0).sin());
        operations.put("cos", in -> in.get(0).cos());
        operations.put("abs", in -> in.get(0).abs());
        operations.put("square", in -> in.get(0).square());
        operations.put("clamp", in -> in.get(0).clamp(-.5, .7));
        operations.put("minimum", in -> in.get(0).minimum(in.get(1)));
        operations.put("maximum", in -> in.get(0).maximum(in.get(1)));
        operations.put("scalars", in -> in.get(0).add(2).mul(3).sub(1).div(7));
        operations.put("div", in -> in.get(0).div(in.get(1)));
        operations.put("matmul", in -> in.get(0).matmul(in.get(1)));
        operations.put("softmax", in -> in.get(0).softmax(-1));
        operations.put("cumsum", in -> in.get(0).cumsum(1));
        operations.put("mean", in -> in.get(0).mean(false, 1, 2, 3));
        operations.put("sum", in -> in.get(0).sum(true, 0, 2));
        operations.put("norm", in -> in.get(0).norm());
        operations.put("shape", in -> shapes(in.get(0)));
        operations.put("linear", in -> Ops.linear(in.get(0), in.get(1), in.get(2)));
        operations.put("layer_norm", in -> Ops.layerNorm(in.get(0), in.get(1), in.get(2), 1e-6));
        operations.put("layer_norm_plain", in -> Ops.layerNorm(in.get(0), null, null, 1e-6));
        operations.put("rms_norm", in -> Ops.rmsNorm(in.get(0), in.get(1), 1e-6));
        operations.put("group_norm", in -> Ops.groupNorm(in.get(0), 2, in.get(1), in.get(2), 1e-6));
        operations.put("attention", in -> Ops.attention(in.get(0), in.get(1), in.get(2), null, false));
        operations.put("attention_causal", in -> Ops.attention(in.get(0), in.get(1), in.get(2), null, true));
        operations.put("attention_masked", in -> Ops.attention(in.get(0), in.get(1), in.get(2), in.get(3), false));
        operations.put("conv2d", in -> Ops.conv2d(in.get(0), in.get(1), in.get(2), 2, 1));
        operations.put("conv_transpose2d", in -> Ops.convTranspose2d(in.get(0), in.get(1), in.get(2), 2, 1));
        operations.put("upsample", in -> Ops.upsampleNearest2x(in.get(0)));
        operations.put(
                "embedding", in -> Ops.embedding(Tensor.ofLongs(CPU, new long[] {1, 0, 3, 3, 3, 2}, 2, 3), in.get(0)));
        return operations;
    }

    private static Tensor shapes(Tensor x) {
        List<Tensor> parts = new ArrayList<>();
        for (Tensor part : x.chunk(2, 2)) {
            parts.add(part.transpose(0, 1));
        }
        return Ops.concat(parts, 0).slice(1, 1, 3).unsqueeze(1).permute(2, 0, 1, 3);
    }

    private static Stream<String> names() {
        return OPERATIONS.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void computesWhatPyTorchComputes(String name) {
        Compute.on(CPU).training(() -> {
            Golden golden = Golden.read("operations.safetensors");
            List<Tensor> inputs = new ArrayList<>();
            for (int i = 0; golden.has(name + ".in." + i); i++) {
                inputs.add(golden.leaf(name + ".in." + i));
            }
            Tensor result = requireNonNull(OPERATIONS.get(name)).apply(inputs);
            golden.requireClose(name + ".out", result, TOLERANCE);

            result.mul(golden.get(name + ".weight")).sum().backward();
            for (int i = 0; i < inputs.size(); i++) {
                golden.requireClose(
                        name + ".grad." + i, requireNonNull(inputs.get(i).gradient()), TOLERANCE);
            }
            return inputs.size();
        });
    }

    @Test
    void attentionWithAScaleOfItsOwnIsTheUsualOneAtTheUsualScale() {
        Compute.on(CPU).inference(() -> {
            Golden golden = Golden.read("operations.safetensors");
            Tensor query = golden.get("attention_masked.in.0");
            Tensor key = golden.get("attention_masked.in.1");
            Tensor value = golden.get("attention_masked.in.2");
            Tensor bias = golden.get("attention_masked.in.3");
            double usual = 1 / Math.sqrt((double) query.size(-1));
            golden.requireClose("attention_masked.out", Ops.attention(query, key, value, bias, usual), TOLERANCE);
            golden.requireClose(
                    "attention_masked.out", Ops.attention(query.mul(usual), key, value, bias, 1.0), TOLERANCE);
            return true;
        });
    }

    /** 16-bit results and gradients differ from PyTorch's FLOAT32 ones by a few roundings of the type, and by nothing else. */
    @ParameterizedTest
    @MethodSource("halfTypes")
    void computesTheSameInHalfTypes(String name, DType dtype, double tolerance) {
        Compute.on(CPU).training(() -> {
            Golden golden = Golden.read("operations.safetensors");
            List<Tensor> inputs = new ArrayList<>();
            for (int i = 0; golden.has(name + ".in." + i); i++) {
                inputs.add(golden.get(name + ".in." + i).to(dtype).duplicate().requireGradient());
            }
            Tensor result = requireNonNull(OPERATIONS.get(name)).apply(inputs);
            golden.requireClose(name + ".out", result, tolerance);

            result.mul(golden.get(name + ".weight").to(dtype)).sum().backward();
            for (int i = 0; i < inputs.size(); i++) {
                Tensor gradient = requireNonNull(inputs.get(i).gradient());
                assertThat(gradient.dtype()).isEqualTo(dtype);
                golden.requireClose(name + ".grad." + i, gradient, tolerance);
            }
            return inputs.size();
        });
    }

    private static Stream<Arguments> halfTypes() {
        // 2^-8 and 2^-11 are half a unit in the last place; no operation here rounds more than a few times.
        return names().flatMap(name -> Stream.of(
                Arguments.of(name, DType.BFLOAT16, 6 * 0x1p-8), Arguments.of(name, DType.FLOAT16, 6 * 0x1p-11)));
    }
}
