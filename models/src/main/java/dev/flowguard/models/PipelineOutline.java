package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A pipeline as its {@code config.json} files describe it, weights or no weights: what it would be once it is loaded.
 *
 * @param family what kind of model it is
 * @param transformer the policy
 * @param textEncoders in the order of the index
 * @param vae the autoencoder
 * @param activations what the transformer needs beside its weights
 * @param decoding what the autoencoder needs beside its weights
 */
public record PipelineOutline(
        ModelFamily family,
        NetworkOutline transformer,
        List<NetworkOutline> textEncoders,
        NetworkOutline vae,
        TransformerActivations activations,
        DecoderActivations decoding) {

    public PipelineOutline {
        textEncoders = List.copyOf(textEncoders);
    }

    /** Every network. */
    public List<NetworkOutline> networks() {
        List<NetworkOutline> all = new ArrayList<>(textEncoders);
        all.add(transformer);
        all.add(vae);
        return all;
    }

    /** How many numbers the latents of an image are. */
    public long latentElements(int height, int width) {
        int factor = decoding.config().scaleFactor();
        return (long) decoding.config().latentChannels() * (height / factor) * (width / factor);
    }

    /** What the sides of an image must be multiples of, in pixels. */
    public int pixelsPerToken() {
        return activations.pixelsPerToken();
    }

    /**
     * Reads a pipeline's configuration; no weights but the headers of their files.
     *
     * @throws InputException if a configuration is missing or not one that can be used here
     */
    public static PipelineOutline read(Path directory, LoadOptions options) {
        PipelineFolder folder = PipelineFolder.open(directory);
        ModelFamily family = ModelFamily.of(directory);
        AutoencoderKlConfig vae = AutoencoderKlConfig.read(folder.config("vae"));
        List<NetworkOutline> encoders = new ArrayList<>();
        long contextTokens = 0;
        for (String component : folder.components()) {
            switch (folder.className(component)) {
                case "CLIPTextModelWithProjection", "CLIPTextModel" -> {
                    ClipTextConfig config = ClipTextConfig.read(folder.config(component));
                    encoders.add(NetworkOutline.of(
                            folder,
                            component,
                            options.textEncoderWeights(),
                            source -> ClipTextEncoder.build(config, source, options.device())));
                    contextTokens = Math.max(contextTokens, config.maxPositionEmbeddings());
                }
                case "T5EncoderModel" -> {
                    T5Config config = T5Config.read(folder.config(component));
                    encoders.add(NetworkOutline.of(
                            folder,
                            component,
                            options.textEncoderWeights(),
                            source -> T5Encoder.build(config, source, options.device())));
                }
                default -> {}
            }
        }
        NetworkOutline autoencoder =
                NetworkOutline.of(folder, "vae", options.vaeWeights(), source -> AutoencoderKl.build(vae, source));
        boolean t5 = encoders.stream().anyMatch(encoder -> encoder.className().startsWith("T5"));
        WeightOptions weights = options.transformerWeights();
        if (family == ModelFamily.STABLE_DIFFUSION_3) {
            Sd3TransformerConfig config = Sd3TransformerConfig.read(folder.config("transformer"));
            // CLIP's tokens, then T5's, or one that stands for them (see Conditioning).
            long context = contextTokens
                    + (t5
                            ? options.maxSequenceLength(folder, StableDiffusion3Pipeline.DEFAULT_MAX_SEQUENCE_LENGTH)
                            : 1);
            return new PipelineOutline(
                    family,
                    NetworkOutline.of(
                            folder,
                            "transformer",
                            weights,
                            source -> Sd3Transformer.build(config, source, options.device())),
                    encoders,
                    autoencoder,
                    TransformerActivations.of(config, vae.scaleFactor(), context, weights.dtype()),
                    new DecoderActivations(vae, options.vae()));
        }
        FluxTransformerConfig config = FluxTransformerConfig.read(folder.config("transformer"));
        return new PipelineOutline(
                family,
                NetworkOutline.of(
                        folder,
                        "transformer",
                        weights,
                        source -> FluxTransformer.build(config, source, options.device())),
                encoders,
                autoencoder,
                TransformerActivations.of(
                        config,
                        vae.scaleFactor(),
                        options.maxSequenceLength(folder, FluxPipeline.DEFAULT_MAX_SEQUENCE_LENGTH),
                        weights.dtype()),
                new DecoderActivations(vae, options.vae()));
    }
}
