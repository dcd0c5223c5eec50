package dev.flowguard.tensor;

import static java.util.Objects.requireNonNull;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A transformer block with everything that the MMDiT has, whose loss and gradients PyTorch computed too. */
final class GoldenTransformer {

    private static final int HEADS = 2;
    private static final double EPSILON = 1e-6;

    private final Golden golden;
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();

    private GoldenTransformer(Golden golden) {
        this.golden = golden;
    }

    /** Reads the golden file into the current scope. */
    static GoldenTransformer read() {
        Golden golden = Golden.read("transformer.safetensors");
        GoldenTransformer transformer = new GoldenTransformer(golden);
        for (String name : List.of(
                "x",
                "shift",
                "scale",
                "qkv.weight",
                "qkv.bias",
                "q_norm",
                "k_norm",
                "out.weight",
                "out.bias",
                "up.weight",
                "up.bias",
                "down.weight",
                "down.bias")) {
            transformer.parameters.put(name, golden.leaf(name));
        }
        return transformer;
    }

    /** Each intermediate value lives in a scope of its own, as in a model. */
    Tensor loss() {
        try (Scope block = Scope.open()) {
            Tensor x = p("x");
            Tensor y = x.add(attention(modulated(x)));
            y = y.add(feedForward(y));
            return y.mul(.5).square().mean().keep();
        }
    }

    private Tensor modulated(Tensor x) {
        try (Scope scope = Scope.open()) {
            return Ops.layerNorm(x, null, null, EPSILON)
                    .mul(p("scale").unsqueeze(1).add(1))
                    .add(p("shift").unsqueeze(1))
                    .keep();
        }
    }

    private Tensor attention(Tensor h) {
        try (Scope scope = Scope.open()) {
            List<Tensor> qkv = Ops.linear(h, p("qkv.weight"), p("qkv.bias")).chunk(3, 2);
            Tensor q = Ops.rmsNorm(heads(qkv.get(0)), p("q_norm"), EPSILON);
            Tensor k = Ops.rmsNorm(heads(qkv.get(1)), p("k_norm"), EPSILON);
            Tensor a = Ops.attention(q, k, heads(qkv.get(2)), null, false);
            return Ops.linear(a.transpose(1, 2).reshape(h.shape()), p("out.weight"), p("out.bias"))
                    .keep();
        }
    }

    private Tensor feedForward(Tensor y) {
        try (Scope scope = Scope.open()) {
            Tensor normed = Ops.layerNorm(y, null, null, EPSILON);
            Tensor up = Ops.linear(normed, p("up.weight"), p("up.bias")).geluTanh();
            return Ops.linear(up, p("down.weight"), p("down.bias")).keep();
        }
    }

    private static Tensor heads(Tensor x) {
        return x.reshape(x.size(0), x.size(1), HEADS, -1).transpose(1, 2);
    }

    void zeroGradients() {
        parameters.values().forEach(Tensor::zeroGradient);
    }

    void requireGoldenLoss(Tensor loss) {
        golden.requireClose("loss", loss, 1e-6);
    }

    void requireGoldenGradients() {
        parameters.forEach((name, parameter) ->
                golden.requireClose("grad." + name, requireNonNull(parameter.gradient(), name), 3e-6));
    }

    Tensor p(String name) {
        return requireNonNull(parameters.get(name), name);
    }
}
