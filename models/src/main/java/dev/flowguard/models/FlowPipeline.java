package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * From a prompt to an image: text encoders, the transformer of a flow, and the decoder of its latents.
 *
 * <p>Computes inside a {@link dev.flowguard.tensor.Scope}, on one thread at a time; results belong to the current scope.
 * Made and closed outside of any scope.
 */
public interface FlowPipeline extends AutoCloseable {

    /**
     * Loads a pipeline from the folder that diffusers' {@code save_pretrained} writes; its {@code model_index.json} says of
     * which class it is.
     *
     * @throws InputException if the device cannot be used, this is no pipeline, or none that is known here (the message says what was found instead), or
     *     a part is missing, corrupt or does not fit (the message names file, tensors and shapes)
     */
    static FlowPipeline load(Path directory, LoadOptions options) {
        options.device().requireUsable();
        PipelineFolder folder = PipelineFolder.open(directory);
        return switch (folder.className()) {
            case StableDiffusion3Pipeline.CLASS_NAME -> StableDiffusion3Pipeline.load(folder, options);
            case FluxPipeline.CLASS_NAME -> FluxPipeline.load(folder, options);
            default -> throw folder.unknownClass();
        };
    }

    /**
     * What the transformer sees of the prompts. Recent prompts are not encoded twice, and none that the prompt cache holds.
     * Text encoders that were released are loaded for the others, and released again.
     */
    Conditioning encode(List<String> prompts);

    /**
     * Encodes prompts ahead of their use, so that text encoders that are to be released are loaded once. Of use with a prompt
     * cache on disk; memory holds the most recent ones only.
     */
    void prepare(Stream<String> prompts);

    /**
     * The velocity v = dx/dt of a whole batch at one noise level.
     *
     * @param latents [B, C, h, w], FLOAT32
     * @param sigma noise level in [0, 1]: 1 is pure noise
     * @param conditioning of the same B
     * @return [B, C, h, w]
     */
    default Tensor velocity(Tensor latents, double sigma, Conditioning conditioning) {
        // float(1000·sigma) is what diffusers' scheduler hands to the transformer.
        float[] timesteps = new float[Math.toIntExact(latents.size(0))];
        java.util.Arrays.fill(timesteps, (float) (1000 * sigma));
        Tensor times = Tensor.of(latents.device(), timesteps, timesteps.length);
        return transformer().velocity(latents, times, conditioning);
    }

    /** Latents of the flow [B, C, h, w] -> images [B, 3, H, W] in [0, 1]. */
    default Tensor decode(Tensor latents) {
        try (Scope scope = Scope.open()) {
            return vae().decode(vae().denormalize(latents))
                    .mul(0.5)
                    .add(0.5)
                    .clamp(0, 1)
                    .keep();
        }
    }

    /**
     * Shape [C, h, w] of the latents of an image.
     *
     * @param height in pixels
     * @param width in pixels
     * @throws dev.flowguard.tensor.InputException if the model cannot draw that size
     */
    long[] latentShape(int height, int width);

    /**
     * The noise levels of an image as diffusers' pipeline of this class visits them with this pipeline's scheduler.
     * Whoever samples and whoever trains on the samples both go by it.
     *
     * @param steps T
     * @param height in pixels
     * @param width in pixels
     * @param shift a static shift in place of the scheduler's own, or null
     */
    NoiseRange noiseRange(int steps, int height, int width, @Nullable Double shift);

    /** What kind of model this is. */
    ModelFamily family();

    /** The policy. */
    FlowTransformer transformer();

    /** The autoencoder, for encoding images and for training it. */
    AutoencoderKl vae();

    /**
     * Writes the pipeline directory; adapters are not part of it. The index comes last, so a directory that has one is
     * complete.
     *
     * @throws InputException if the disk refuses
     */
    void save(Path directory);

    /** Where it computes. */
    Device device();

    @Override
    void close();
}
