package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.List;

/** diffusers' {@code CombinedTimestepTextProjEmbeddings}: time and pooled text, each through its own MLP, added. */
final class TimeTextEmbedding {

    private static final int TIME_CHANNELS = 256;
    private static final int FREQUENCIES = TIME_CHANNELS / 2;
    private static final double MAX_PERIOD = 10000;

    private final Linear time1;
    private final Linear time2;
    private final Linear text1;
    private final Linear text2;
    private final Device device;

    TimeTextEmbedding(NetworkBuilder builder, long width, long pooledWidth, Device device) {
        time1 = builder.linear("timestep_embedder.linear_1", TIME_CHANNELS, width);
        time2 = builder.linear("timestep_embedder.linear_2", width, width);
        text1 = builder.linear("text_embedder.linear_1", pooledWidth, width);
        text2 = builder.linear("text_embedder.linear_2", width, width);
        this.device = device;
    }

    /** ([B], [B, P]) -> [B, width] */
    Tensor forward(Tensor timesteps, Tensor pooled) {
        try (Scope scope = Scope.open()) {
            Tensor angles = timesteps.reshape(-1, 1).mul(frequencies());
            Tensor sinusoids = Ops.concat(List.of(angles.cos(), angles.sin()), 1);
            Tensor time = time2.forward(time1.forward(sinusoids).silu());
            Tensor text = text2.forward(text1.forward(pooled).silu());
            return time.add(text).keep();
        }
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
}
