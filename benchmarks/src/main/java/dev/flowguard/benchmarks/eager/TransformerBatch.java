package dev.flowguard.benchmarks.eager;

import dev.flowguard.models.Conditioning;
import dev.flowguard.models.LoraAdapter;
import dev.flowguard.models.Sd3TransformerConfig;
import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What both sides compute on: one (group, step) micro-batch of the quickstart, and a velocity to aim at in place of a reward.
 *
 * @param latents {@code [B, C, h, w]}
 * @param timesteps {@code [B]}
 * @param conditioning of one prompt, B times
 * @param target {@code [B, C, h, w]}; the loss is the mean square of the distance to it
 */
record TransformerBatch(Tensor latents, Tensor timesteps, Conditioning conditioning, Tensor target)
        implements AutoCloseable {

    private static final long SEED = 20;
    private static final String PROMPT = "a sign saying \"MARK\"";
    private static final float TIMESTEP = 750;

    /**
     * Draws a batch that belongs to the caller.
     *
     * @param contextTokens number of random context tokens; 0 for those of a prompt
     */
    static TransformerBatch draw(
            StableDiffusion3Pipeline pipeline, int members, int height, int width, int contextTokens) {
        Device device = pipeline.device();
        long[] latent = pipeline.latentShape(height, width);
        long[] shape = {members, latent[0], latent[1], latent[2]};
        float[] timesteps = new float[members];
        java.util.Arrays.fill(timesteps, TIMESTEP);
        try (Scope scope = Scope.open()) {
            TransformerBatch batch = new TransformerBatch(
                    Noise.standardNormal(device, SEED, 0, shape),
                    Tensor.of(device, timesteps, members),
                    contextTokens == 0
                            ? pipeline.encode(Collections.nCopies(members, PROMPT))
                            : randomText(pipeline, members, contextTokens),
                    Noise.standardNormal(device, SEED, 1, shape));
            batch.tensors().values().forEach(Tensor::unscoped);
            return batch;
        }
    }

    private static Conditioning randomText(StableDiffusion3Pipeline pipeline, int members, int tokens) {
        Sd3TransformerConfig config = pipeline.transformer().config();
        Device device = pipeline.device();
        return new Conditioning(
                Noise.standardNormal(device, SEED, 0, members, tokens, config.jointAttentionDim()),
                Noise.standardNormal(device, SEED, 1, members, config.pooledProjectionDim()));
    }

    /** Gives both halves of every pair something to learn: with B = 0, as adapters begin, A's gradient would be zero. */
    static void randomize(LoraAdapter adapter) {
        try (Scope scope = Scope.open()) {
            long stream = 2;
            for (Tensor parameter : adapter.parameters().values()) {
                parameter.assign(Noise.standardNormal(parameter.device(), SEED, stream, parameter.shape())
                        .mul(.05));
                stream++;
            }
        }
    }

    /** The conditioning whose tokens each stand for themselves, or the pipeline's own. */
    Conditioning conditioning(Context context) {
        return switch (context) {
            case EQUAL_TOKENS -> new Conditioning(conditioning.context(), conditioning.pooled());
            case AS_PIPELINES_CALL -> conditioning;
        };
    }

    /**
     * Writes the batch for the other side.
     *
     * @param adapter tensors of the adapter, none if there is none
     */
    void write(Path file, Map<String, Tensor> adapter) {
        Map<String, Tensor> all = new LinkedHashMap<>(tensors());
        all.putAll(adapter);
        Safetensors.write(file, all, Map.of("zero_tokens", String.valueOf(conditioning.lastTokenCopies())));
    }

    private Map<String, Tensor> tensors() {
        return Map.of(
                "latents", latents,
                "timesteps", timesteps,
                "context", conditioning.context(),
                "pooled", conditioning.pooled(),
                "target", target);
    }

    @Override
    public void close() {
        List.copyOf(tensors().values()).forEach(Tensor::close);
    }
}
