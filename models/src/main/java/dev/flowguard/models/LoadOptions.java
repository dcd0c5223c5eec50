package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How a pipeline is loaded: where it computes, in which types, and what becomes of its text encoders.
 *
 * <p>A component's type is that of its weights and of what it computes inside, whatever type its files have. What goes in
 * and comes out of a component is FLOAT32 always: latents, timesteps, conditioning, images, velocities. Adapters are FLOAT32
 * on a base of any type.
 *
 * @param device where every component computes
 * @param transformer FLOAT32, or a frozen base in FLOAT16 or BFLOAT16
 * @param textEncoders type of all text encoders
 * @param vae type of the autoencoder; diffusers' own advice for FLOAT16 is FLOAT32 here, as its activations may overflow
 * @param encoderUse whether the text encoders stay once prompts are encoded
 * @param promptCache folder in which prompt embeddings are kept from run to run; null to keep them in memory only
 * @param variant as in {@code from_pretrained(variant="fp16")}: files are named {@code model.fp16.safetensors}; where a
 *     component has none of that variant its plain files are taken. Null for the plain files
 * @param maxSequenceLength as diffusers' pipelines are called with: number of T5's tokens, from 1 to 512, or of the zero tokens in
 *     their place. Null for the pipeline's own
 */
public record LoadOptions(
        Device device,
        DType transformer,
        DType textEncoders,
        DType vae,
        EncoderUse encoderUse,
        @Nullable Path promptCache,
        @Nullable String variant,
        @Nullable Integer maxSequenceLength) {

    /** What becomes of the text encoders. */
    public enum EncoderUse {
        /** They are loaded with the pipeline and stay with it. */
        KEEP,
        /** They are loaded for prompts that no cache holds, and closed when those are encoded. */
        RELEASE
    }

    /** Checks that every type is one that networks compute in. */
    public LoadOptions {
        requireComputable("transformer", transformer);
        requireComputable("text encoders", textEncoders);
        requireComputable("VAE", vae);
    }

    /** Everything in FLOAT32, text encoders kept, embeddings in memory only. */
    public static LoadOptions on(Device device) {
        return new LoadOptions(device, DType.FLOAT32, DType.FLOAT32, DType.FLOAT32, EncoderUse.KEEP, null, null, null);
    }

    /** The same with other types. */
    public LoadOptions withTypes(DType newTransformer, DType newTextEncoders, DType newVae) {
        return new LoadOptions(
                device, newTransformer, newTextEncoders, newVae, encoderUse, promptCache, variant, maxSequenceLength);
    }

    /** The same with other text encoder use. */
    public LoadOptions withEncoderUse(EncoderUse newUse) {
        return new LoadOptions(device, transformer, textEncoders, vae, newUse, promptCache, variant, maxSequenceLength);
    }

    /** The same with a folder for prompt embeddings. */
    public LoadOptions withPromptCache(@Nullable Path newPromptCache) {
        return new LoadOptions(
                device, transformer, textEncoders, vae, encoderUse, newPromptCache, variant, maxSequenceLength);
    }

    /** The same with another variant of the files. */
    public LoadOptions withVariant(@Nullable String newVariant) {
        return new LoadOptions(
                device, transformer, textEncoders, vae, encoderUse, promptCache, newVariant, maxSequenceLength);
    }

    /** The same with another number of text tokens. */
    public LoadOptions withMaxSequenceLength(@Nullable Integer newLength) {
        return new LoadOptions(device, transformer, textEncoders, vae, encoderUse, promptCache, variant, newLength);
    }

    /** The number of text tokens: as asked for, or else as the pipeline's index says. */
    int maxSequenceLength(PipelineFolder folder, int otherwise) {
        return maxSequenceLength == null
                ? folder.index().integer(PipelineFolder.MAX_SEQUENCE_LENGTH, otherwise)
                : maxSequenceLength;
    }

    /** How the transformer's weights are read. */
    WeightOptions transformerWeights() {
        return new WeightOptions(device, transformer, variant);
    }

    /** How the text encoders' weights are read. */
    WeightOptions textEncoderWeights() {
        return new WeightOptions(device, textEncoders, variant);
    }

    /** How the autoencoder's weights are read. */
    WeightOptions vaeWeights() {
        return new WeightOptions(device, vae, variant);
    }

    private static void requireComputable(String component, DType type) {
        if (type != DType.FLOAT32 && !type.isHalf()) {
            throw new IllegalArgumentException(
                    "the " + component + " cannot compute in " + type + ": FLOAT32, FLOAT16 or BFLOAT16");
        }
    }
}
