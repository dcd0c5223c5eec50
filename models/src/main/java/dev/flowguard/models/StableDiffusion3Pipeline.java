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
 * Stable Diffusion 3 and 3.5, with or without T5, in the directory layout of diffusers' {@code StableDiffusion3Pipeline}:
 * what one of the two writes, the other loads, and both draw the same image from the same latents.
 *
 * <p>To the tokens of CLIP diffusers appends those of T5, or zero tokens in their place, as many as its argument
 * {@code max_sequence_length} says (256 unless told). Their number matters, because all of them take part in attention,
 * padding too; it is kept in {@code model_index.json} as {@code _max_sequence_length}, a private key that diffusers passes
 * over.
 */
public final class StableDiffusion3Pipeline implements FlowPipeline {

    /** What diffusers' pipeline takes unless it is told otherwise. */
    public static final int DEFAULT_MAX_SEQUENCE_LENGTH = 256;

    static final String CLASS_NAME = "StableDiffusion3Pipeline";

    private final Device device;
    private final Sd3Transformer transformer;
    private final AutoencoderKl vae;
    private final PromptEncoder prompts;
    private final SchedulerConfig scheduler;
    private final int maxSequenceLength;

    private StableDiffusion3Pipeline(
            Device device,
            Sd3Transformer transformer,
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
        Sd3TransformerConfig config = transformer.config();
        PipelineParts.require(
                vae.config().latentChannels() == config.inChannels() && config.inChannels() == config.outChannels(),
                "the VAE's latent_channels must be the transformer's in_channels and out_channels");
    }

    /**
     * Puts a pipeline without T5 together from its parts, and takes ownership of them.
     *
     * @param maxSequenceLength number of zero tokens in place of T5
     * @throws InputException if the parts do not fit together
     */
    public StableDiffusion3Pipeline(
            Device device,
            Sd3Transformer transformer,
            AutoencoderKl vae,
            ClipTextEncoder textEncoder,
            ClipTextEncoder textEncoder2,
            ClipTokenizer tokenizer,
            ClipTokenizer tokenizer2,
            SchedulerConfig scheduler,
            int maxSequenceLength) {
        this(
                device,
                transformer,
                vae,
                PromptEncoder.of(
                        device,
                        new Sd3TextEncoders(
                                device,
                                textEncoder,
                                textEncoder2,
                                tokenizer,
                                tokenizer2,
                                null,
                                maxSequenceLength,
                                transformer.config())),
                scheduler,
                maxSequenceLength);
    }

    /**
     * Loads a pipeline directory, all in FLOAT32.
     *
     * @throws InputException if a part is missing, corrupt, or of another kind; the message names file, tensor and shapes
     */
    public static StableDiffusion3Pipeline load(Path directory, Device device) {
        return load(PipelineFolder.open(directory), LoadOptions.on(device));
    }

    /** As {@link FlowPipeline#load} does for a folder of this class. */
    static StableDiffusion3Pipeline load(PipelineFolder folder, LoadOptions options) {
        folder.requireClass(CLASS_NAME);
        folder.requireAbsent("image_encoder", "feature_extractor");
        int maxSequenceLength = options.maxSequenceLength(folder, DEFAULT_MAX_SEQUENCE_LENGTH);
        try (PipelineParts parts = new PipelineParts()) {
            Sd3Transformer transformer =
                    parts.add(Sd3Transformer.load(folder.component("transformer"), options.transformerWeights()));
            StableDiffusion3Pipeline pipeline = new StableDiffusion3Pipeline(
                    options.device(),
                    transformer,
                    parts.add(AutoencoderKl.load(folder.component("vae"), options.vaeWeights())),
                    parts.add(PromptEncoder.load(
                            folder,
                            options,
                            () -> Sd3TextEncoders.load(
                                    folder, options.textEncoderWeights(), maxSequenceLength, transformer.config()))),
                    SchedulerConfig.read(ConfigFile.read(folder.path().resolve(SchedulerConfig.FILE))),
                    maxSequenceLength);
            parts.release();
            return pipeline;
        }
    }

    @Override
    public void save(Path directory) {
        PipelineFolder.write(directory, index(), () -> {
            transformer.save(directory.resolve("transformer"));
            vae.save(directory.resolve("vae"));
            encoders().save(directory);
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
        Sd3TransformerConfig config = transformer.config();
        int factor = vae.config().scaleFactor();
        int step = factor * config.patchSize();
        int largest = step * config.posEmbedMaxSize();
        if (height < step || width < step || height % step != 0 || width % step != 0) {
            throw new InputException("an image of " + height + " x " + width
                    + " is not possible: height and width must be" + " multiples of " + step + " for this model");
        }
        if (height > largest || width > largest) {
            throw new InputException("an image of " + height + " x " + width + " is too large for this model: at most "
                    + largest + " x " + largest);
        }
        return new long[] {config.inChannels(), height / factor, width / factor};
    }

    @Override
    public NoiseRange noiseRange(int steps, int height, int width, @Nullable Double shift) {
        long[] latents = latentShape(height, width);
        int patch = transformer.config().patchSize();
        long tokens = (latents[1] / patch) * (latents[2] / patch);
        return (shift == null ? scheduler : SchedulerConfig.ofShift(shift)).trainedRange(tokens);
    }

    @Override
    public ModelFamily family() {
        return ModelFamily.STABLE_DIFFUSION_3;
    }

    @Override
    public Sd3Transformer transformer() {
        return transformer;
    }

    @Override
    public AutoencoderKl vae() {
        return vae;
    }

    /** The text encoders, in the order in which their outputs are joined: both of CLIP, and T5 if there is one. */
    public List<Network> textEncoders() {
        return encoders().networks();
    }

    /** The noise schedule that the model is meant for. */
    public SchedulerConfig scheduler() {
        return scheduler;
    }

    /** Number of T5's tokens, or of zero tokens: what diffusers' pipeline must be called with, unless it is 256. */
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

    private Sd3TextEncoders encoders() {
        return (Sd3TextEncoders) prompts.encoders();
    }

    private Map<String, Object> index() {
        Map<String, Object> index = new LinkedHashMap<>();
        index.put("_class_name", CLASS_NAME);
        index.put("_diffusers_version", "0.42.1");
        index.put(PipelineFolder.MAX_SEQUENCE_LENGTH, maxSequenceLength);
        index.put("feature_extractor", new String[2]);
        index.put("image_encoder", new String[2]);
        index.put("scheduler", List.of("diffusers", SchedulerConfig.CLASS_NAME));
        index.putAll(encoders().index());
        index.put("transformer", List.of("diffusers", Sd3TransformerConfig.CLASS_NAME));
        index.put("vae", List.of("diffusers", AutoencoderKlConfig.CLASS_NAME));
        return index;
    }
}
