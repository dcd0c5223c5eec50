package dev.flowguard.models;

import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * FLUX.1, dev or schnell, in the directory layout of diffusers' {@code FluxPipeline}: what one of the two writes, the other
 * loads, and both draw the same image from the same latents.
 *
 * <p>Latents are unpacked, [B, C, 2·(H/16), 2·(W/16)] for FLUX.1; only the transformer packs them. T5 gets as many tokens as
 * diffusers' argument {@code max_sequence_length} says, 512 unless told; a pipeline that is meant for another number keeps it
 * in {@code model_index.json} as {@code _max_sequence_length}, a private key that diffusers passes over.
 */
public final class FluxPipeline implements FlowPipeline {

    /** What diffusers' pipeline takes unless it is told otherwise, and the most that it takes. */
    public static final int DEFAULT_MAX_SEQUENCE_LENGTH = 512;

    static final String CLASS_NAME = "FluxPipeline";

    private final Device device;
    private final FluxTransformer transformer;
    private final AutoencoderKl vae;
    private final PromptEncoder prompts;
    private final SchedulerConfig scheduler;
    private final int maxSequenceLength;

    private FluxPipeline(
            Device device,
            FluxTransformer transformer,
            AutoencoderKl vae,
            PromptEncoder prompts,
            SchedulerConfig scheduler,
            int maxSequenceLength) {
        this.device = device;
        this.transformer = transformer;
        this.vae = vae;
        this.prompts = prompts;
        this.scheduler = scheduler;
        this.maxSequenceLength = maxSequenceLength;
        PipelineParts.require(
                vae.config().latentChannels() == transformer.config().latentChannels(),
                "the VAE's latent_channels must be a quarter of the transformer's in_channels");
    }

    /**
     * Puts a pipeline together from its parts, and takes ownership of them.
     *
     * @param textEncoder whose pooled state modulates
     * @param textEncoder2 whose tokens are the context
     * @param maxSequenceLength number of the latter
     * @throws InputException if the parts do not fit together
     */
    public FluxPipeline(
            Device device,
            FluxTransformer transformer,
            AutoencoderKl vae,
            ClipTextEncoder textEncoder,
            T5Encoder textEncoder2,
            ClipTokenizer tokenizer,
            T5Tokenizer tokenizer2,
            SchedulerConfig scheduler,
            int maxSequenceLength) {
        this(
                device,
                transformer,
                vae,
                PromptEncoder.of(
                        device,
                        new FluxTextEncoders(
                                textEncoder,
                                tokenizer,
                                new T5TextEncoder(textEncoder2, tokenizer2),
                                maxSequenceLength,
                                transformer.config())),
                scheduler,
                maxSequenceLength);
    }

    /** As {@link FlowPipeline#load} does for a folder of this class. */
    static FluxPipeline load(PipelineFolder folder, LoadOptions options) {
        folder.requireClass(CLASS_NAME);
        folder.requireAbsent("image_encoder", "feature_extractor");
        int maxSequenceLength = options.maxSequenceLength(folder, DEFAULT_MAX_SEQUENCE_LENGTH);
        try (PipelineParts parts = new PipelineParts()) {
            FluxTransformer transformer =
                    parts.add(FluxTransformer.load(folder.component("transformer"), options.transformerWeights()));
            FluxPipeline pipeline = new FluxPipeline(
                    options.device(),
                    transformer,
                    parts.add(AutoencoderKl.load(folder.component("vae"), options.vaeWeights())),
                    parts.add(PromptEncoder.load(
                            folder,
                            options,
                            () -> FluxTextEncoders.load(
                                    folder, options.textEncoderWeights(), maxSequenceLength, transformer.config()))),
                    SchedulerConfig.read(ConfigFile.read(folder.path().resolve(SchedulerConfig.FILE))),
                    maxSequenceLength);
            parts.release();
            return pipeline;
        }
    }

    @Override
    public void save(Path directory) {
        FluxTextEncoders encoders = (FluxTextEncoders) prompts.encoders();
        PipelineFolder.write(directory, index(encoders.clipClassName()), () -> {
            transformer.save(directory.resolve("transformer"));
            vae.save(directory.resolve("vae"));
            encoders.save(directory);
            AtomicFile.write(directory.resolve(SchedulerConfig.FILE), ConfigFile.toJson(scheduler.toJson()));
        });
    }

    @Override
    public Conditioning encode(List<String> texts) {
        return prompts.encode(texts);
    }

    @Override
    public void prepare(Stream<String> texts) {
        prompts.prepare(texts);
    }

    @Override
    public long[] latentShape(int height, int width) {
        int factor = vae.config().scaleFactor();
        int step = factor * FluxTransformerConfig.PACKING;
        if (height < step || width < step || height % step != 0 || width % step != 0) {
            throw new InputException("an image of " + height + " x " + width
                    + " is not possible: height and width must be multiples of " + step + " for this model");
        }
        return new long[] {transformer.config().latentChannels(), height / factor, width / factor};
    }

    @Override
    public NoiseRange noiseRange(int steps, int height, int width, @Nullable Double shift) {
        long[] latents = latentShape(height, width);
        int packing = FluxTransformerConfig.PACKING;
        long tokens = (latents[1] / packing) * (latents[2] / packing);
        return (shift == null ? scheduler : SchedulerConfig.ofShift(shift)).evenRange(steps, tokens);
    }

    @Override
    public ModelFamily family() {
        return ModelFamily.of(transformer.config());
    }

    @Override
    public FluxTransformer transformer() {
        return transformer;
    }

    @Override
    public AutoencoderKl vae() {
        return vae;
    }

    /** Number of T5's tokens: what diffusers' pipeline must be called with, unless it is 512. */
    public int maxSequenceLength() {
        return maxSequenceLength;
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public void close() {
        transformer.close();
        vae.close();
        prompts.close();
    }

    private Map<String, Object> index(String clipClassName) {
        Map<String, Object> index = new LinkedHashMap<>();
        index.put("_class_name", CLASS_NAME);
        index.put("_diffusers_version", "0.42.1");
        index.put(PipelineFolder.MAX_SEQUENCE_LENGTH, maxSequenceLength);
        index.put("feature_extractor", new String[2]);
        index.put("image_encoder", new String[2]);
        index.put("scheduler", List.of("diffusers", SchedulerConfig.CLASS_NAME));
        index.put("text_encoder", List.of("transformers", clipClassName));
        index.put("text_encoder_2", List.of("transformers", T5Config.CLASS_NAME));
        index.put("tokenizer", List.of("transformers", "CLIPTokenizer"));
        index.put("tokenizer_2", List.of("transformers", "T5TokenizerFast"));
        index.put("transformer", List.of("diffusers", FluxTransformerConfig.CLASS_NAME));
        index.put("vae", List.of("diffusers", AutoencoderKlConfig.CLASS_NAME));
        return index;
    }
}
