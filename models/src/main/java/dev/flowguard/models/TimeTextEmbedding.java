package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * diffusers' {@code CombinedTimestepTextProjEmbeddings}, and with guidance {@code CombinedTimestepGuidanceTextProjEmbeddings}:
 * time, guidance scale and pooled text, each through its own MLP, added.
 */
final class TimeTextEmbedding {

    private static final int SINUSOIDS = 256;
    private static final int FREQUENCIES = SINUSOIDS / 2;
    private static final double MAX_PERIOD = 10000;

    private final Mlp time;
    private final @Nullable Mlp guidance;
    private final Mlp text;
    private final Device device;

    TimeTextEmbedding(NetworkBuilder builder, long width, long pooledWidth, boolean guided, Device device) {
        time = new Mlp(builder.at("timestep_embedder"), SINUSOIDS, width);
        guidance = guided ? new Mlp(builder.at("guidance_embedder"), SINUSOIDS, width) : null;
        text = new Mlp(builder.at("text_embedder"), pooledWidth, width);
        this.device = device;
    }

    /**
     * ([B] FLOAT32, [B] FLOAT32, [B, P]) -> [B, width], of the text's type. As in diffusers sines are taken in FLOAT32 and
     * then narrowed.
     *
     * @param scales of the guidance, times 1000; null if and only if there is no embedding of it
     */
    Tensor forward(Tensor timesteps, @Nullable Tensor scales, Tensor pooled) {
        if ((scales == null) != (guidance == null)) {
            throw new IllegalArgumentException(
                    guidance == null ? "this transformer takes no guidance" : "this transformer needs a guidance");
        }
        try (Scope scope = Scope.open()) {
            Tensor sum = time.forward(sinusoids(timesteps).to(pooled.dtype()));
            if (guidance != null && scales != null) {
                sum = sum.add(guidance.forward(sinusoids(scales).to(pooled.dtype())));
            }
            return sum.add(text.forward(pooled)).keep();
        }
    }

    /** [B] -> [B, 256] */
    private Tensor sinusoids(Tensor values) {
        Tensor angles = values.reshape(-1, 1).mul(frequencies());
        return Ops.concat(List.of(angles.cos(), angles.sin()), 1);
    }

    /**
     * exp(-ln(10000) k / 128), rounded where PyTorch rounds: at timestep 1000 one unit in the last place of a frequency
     * turns the angle by 6e-5.
     */
    private Tensor frequencies() {
        float[] exponents = new float[FREQUENCIES];
        for (int k = 0; k < FREQUENCIES; k++) {
            exponents[k] = (float) -Math.log(MAX_PERIOD) * k / FREQUENCIES;
        }
        return Tensor.of(device, exponents, 1, FREQUENCIES).exp();
    }

    private static final class Mlp {
        private final Linear first;
        private final Linear second;

        Mlp(NetworkBuilder builder, long in, long width) {
            first = builder.linear("linear_1", in, width);
            second = builder.linear("linear_2", width, width);
        }

        Tensor forward(Tensor x) {
            return second.forward(first.forward(x).silu());
        }
    }
}
