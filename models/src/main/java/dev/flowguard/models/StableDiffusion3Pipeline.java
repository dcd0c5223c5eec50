package dev.flowguard.models;

import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Stable Diffusion 3 without T5, in the directory layout of diffusers' {@code StableDiffusion3Pipeline}: what one of the two
 * writes, the other loads, and both draw the same image from the same latents.
 *
 * <p>Where T5 would stand, diffusers appends zero tokens, as many as its argument {@code max_sequence_length} says (256
 * unless told). Their number matters, because they take part in attention; it is kept in {@code model_index.json} as
 * {@code _max_sequence_length}, a private key that diffusers passes over.
 */
public final class StableDiffusion3Pipeline implements FlowPipeline {

    /** What diffusers' pipeline takes unless it is told otherwise. */
    public static final int DEFAULT_MAX_SEQUENCE_LENGTH = 256;

    private static final String CLASS_NAME = "StableDiffusion3Pipeline";
    private static final String INDEX = "model_index.json";
    private static final String MAX_SEQUENCE_LENGTH = "_max_sequence_length";
    private static final String DIFFUSERS_WEIGHTS = "diffusion_pytorch_model";
    private static final String TRANSFORMERS_WEIGHTS = "model";

    /** 64 MB of floats. */
    private static final long CACHE_FLOATS = 16L << 20;

    private final Device device;
    private final Sd3Transformer transformer;
    private final AutoencoderKl vae;
    private final ClipTextEncoder textEncoder;
    private final ClipTextEncoder textEncoder2;
    private final ClipTokenizer tokenizer;
    private final ClipTokenizer tokenizer2;
    private final SchedulerConfig scheduler;
    private final int maxSequenceLength;
    private final PromptCache cache = new PromptCache(CACHE_FLOATS);

    /**
     * Puts a pipeline together from its parts, and takes ownership of them.
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
        this.device = device;
        this.transformer = transformer;
        this.vae = vae;
        this.textEncoder = textEncoder;
        this.textEncoder2 = textEncoder2;
        this.tokenizer = tokenizer;
        this.tokenizer2 = tokenizer2;
        this.scheduler = scheduler;
        this.maxSequenceLength = maxSequenceLength;
        Sd3TransformerConfig t = transformer.config();
        ClipTextConfig first = textEncoder.config();
        ClipTextConfig second = textEncoder2.config();
        require(
                first.hiddenSize() + second.hiddenSize() <= t.jointAttentionDim(),
                "the text encoders' hidden_size add up to more than the transformer's joint_attention_dim");
        require(
                first.projectionDim() + second.projectionDim() == t.pooledProjectionDim(),
                "the text encoders' projection_dim must add up to the transformer's pooled_projection_dim");
        require(
                vae.config().latentChannels() == t.inChannels() && t.inChannels() == t.outChannels(),
                "the VAE's latent_channels must be the transformer's in_channels and out_channels");
        require(
                tokenizer.maxLength() <= Math.min(first.maxPositionEmbeddings(), second.maxPositionEmbeddings()),
                "the tokenizer's model_max_length must not exceed the text encoders' max_position_embeddings");
        require(
                tokenizer.vocabularySize() <= first.vocabSize() && tokenizer2.vocabularySize() <= second.vocabSize(),
                "a tokenizer knows more tokens than its text encoder's vocab_size");
        require(
                maxSequenceLength >= 0 && maxSequenceLength <= 512,
                "max_sequence_length must be from 0 to 512, not " + maxSequenceLength);
    }

    /**
     * Loads a pipeline directory. Call it outside of any scope.
     *
     * @throws InputException if a part is missing, corrupt, or of another kind; the message names file, tensor and shapes
     */
    public static StableDiffusion3Pipeline load(Path directory, Device device) {
        ConfigFile index = ConfigFile.read(directory.resolve(INDEX));
        index.requireClass(CLASS_NAME);
        for (String absent : List.of("text_encoder_3", "tokenizer_3", "image_encoder", "feature_extractor")) {
            index.root().path(absent).forEach(entry -> {
                if (!ConfigFile.isAbsent(entry)) {
                    throw index.invalid(absent, "is not supported: save the pipeline with " + absent + "=None");
                }
            });
        }
        int maxSequenceLength = index.integer(MAX_SEQUENCE_LENGTH, DEFAULT_MAX_SEQUENCE_LENGTH);
        try (Opened opened = new Opened()) {
            StableDiffusion3Pipeline pipeline = new StableDiffusion3Pipeline(
                    device,
                    opened.add(loadTransformer(directory.resolve("transformer"), device)),
                    opened.add(loadVae(directory.resolve("vae"), device)),
                    opened.add(loadTextEncoder(directory.resolve("text_encoder"), device)),
                    opened.add(loadTextEncoder(directory.resolve("text_encoder_2"), device)),
                    opened.add(ClipTokenizer.load(directory.resolve("tokenizer"))),
                    opened.add(ClipTokenizer.load(directory.resolve("tokenizer_2"))),
                    SchedulerConfig.read(ConfigFile.read(directory.resolve("scheduler/scheduler_config.json"))),
                    maxSequenceLength);
            opened.release();
            return pipeline;
        }
    }

    /**
     * Writes the pipeline directory; adapters are not part of it. The index comes last, so a directory that has one is
     * complete.
     *
     * @throws InputException if the disk refuses
     */
    public void save(Path directory) {
        deleteIndex(directory.resolve(INDEX));
        saveNetwork(directory.resolve("transformer"), transformer.config().toJson(), DIFFUSERS_WEIGHTS, transformer);
        saveNetwork(directory.resolve("vae"), vae.config().toJson(), DIFFUSERS_WEIGHTS, vae);
        saveNetwork(
                directory.resolve("text_encoder"), textEncoder.config().toJson(), TRANSFORMERS_WEIGHTS, textEncoder);
        saveNetwork(
                directory.resolve("text_encoder_2"),
                textEncoder2.config().toJson(),
                TRANSFORMERS_WEIGHTS,
                textEncoder2);
        tokenizer.save(directory.resolve("tokenizer"));
        tokenizer2.save(directory.resolve("tokenizer_2"));
        AtomicFile.write(directory.resolve("scheduler/scheduler_config.json"), ConfigFile.toJson(scheduler.toJson()));
        AtomicFile.write(directory.resolve(INDEX), ConfigFile.toJson(index()));
    }

    @Override
    public Conditioning encode(List<String> prompts) {
        if (textEncoder.requiresGradients() || textEncoder2.requiresGradients()) {
            // Their weights change, and their gradients must flow: nothing may be remembered.
            return encodeAfresh(prompts);
        }
        Set<String> unknown = new LinkedHashSet<>(prompts);
        Map<String, PromptCache.Entry> entries = new LinkedHashMap<>();
        for (String prompt : List.copyOf(unknown)) {
            PromptCache.Entry entry = cache.get(prompt);
            if (entry != null) {
                entries.put(prompt, entry);
                unknown.remove(prompt);
            }
        }
        if (!unknown.isEmpty()) {
            encodeUnknown(new ArrayList<>(unknown), entries);
        }
        return assemble(prompts, entries);
    }

    @Override
    public Tensor decode(Tensor latents) {
        try (Scope scope = Scope.open()) {
            return vae.decode(vae.denormalize(latents))
                    .mul(0.5)
                    .add(0.5)
                    .clamp(0, 1)
                    .keep();
        }
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
    public Sd3Transformer transformer() {
        return transformer;
    }

    /** The autoencoder, for encoding images and for training it. */
    public AutoencoderKl vae() {
        return vae;
    }

    /** The text encoders, in the order in which their outputs are joined. */
    public List<ClipTextEncoder> textEncoders() {
        return List.of(textEncoder, textEncoder2);
    }

    /** The noise schedule that the model is meant for. */
    public SchedulerConfig scheduler() {
        return scheduler;
    }

    /** Number of zero tokens in place of T5: what diffusers' pipeline must be called with, unless it is 256. */
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
        textEncoder.close();
        textEncoder2.close();
        tokenizer.close();
        tokenizer2.close();
        cache.clear();
    }

    private void encodeUnknown(List<String> prompts, Map<String, PromptCache.Entry> entries) {
        try (Scope scope = Scope.open()) {
            Conditioning fresh = encodeAfresh(prompts);
            for (int i = 0; i < prompts.size(); i++) {
                Conditioning row = fresh.slice(i, i + 1);
                PromptCache.Entry entry = new PromptCache.Entry(
                        row.context().toFloats(), row.pooled().toFloats());
                cache.put(prompts.get(i), entry);
                entries.put(prompts.get(i), entry);
            }
        }
    }

    @SuppressWarnings("NullAway") // entries has every prompt
    private Conditioning assemble(List<String> prompts, Map<String, PromptCache.Entry> entries) {
        PromptCache.Entry first = entries.get(prompts.get(0));
        float[] context = new float[Math.multiplyExact(prompts.size(), first.context.length)];
        float[] pooled = new float[prompts.size() * first.pooled.length];
        for (int i = 0; i < prompts.size(); i++) {
            PromptCache.Entry entry = entries.get(prompts.get(i));
            System.arraycopy(entry.context, 0, context, i * entry.context.length, entry.context.length);
            System.arraycopy(entry.pooled, 0, pooled, i * entry.pooled.length, entry.pooled.length);
        }
        int width = transformer.config().jointAttentionDim();
        return new Conditioning(
                Tensor.of(device, context, prompts.size(), first.context.length / width, width),
                Tensor.of(device, pooled, prompts.size(), first.pooled.length),
                Math.max(1, maxSequenceLength));
    }

    private Conditioning encodeAfresh(List<String> prompts) {
        try (Scope scope = Scope.open()) {
            ClipTextEncoder.Encoded first = textEncoder.encode(ids(tokenizer, prompts));
            ClipTextEncoder.Encoded second = textEncoder2.encode(ids(tokenizer2, prompts));
            List<Tensor> features = new ArrayList<>(List.of(first.context(), second.context()));
            int batch = prompts.size();
            int width = transformer.config().jointAttentionDim();
            int missing = width
                    - textEncoder.config().hiddenSize()
                    - textEncoder2.config().hiddenSize();
            if (missing > 0) {
                features.add(Tensor.zeros(
                        device, first.context().dtype(), batch, first.context().size(1), missing));
            }
            Tensor context = Ops.concat(features, 2);
            if (maxSequenceLength > 0) {
                // All zero tokens are one, see Conditioning.
                context = Ops.concat(List.of(context, Tensor.zeros(device, context.dtype(), batch, 1, width)), 1);
            }
            Tensor pooled = Ops.concat(List.of(first.pooled(), second.pooled()), 1);
            return new Conditioning(context, pooled, Math.max(1, maxSequenceLength)).keep();
        }
    }

    /** Both text encoders get sequences of the first tokenizer's length, as in diffusers. */
    private List<long[]> ids(ClipTokenizer by, List<String> prompts) {
        return prompts.stream()
                .map(prompt -> by.encode(prompt, tokenizer.maxLength()))
                .toList();
    }

    private Map<String, Object> index() {
        Map<String, Object> index = new LinkedHashMap<>();
        index.put("_class_name", CLASS_NAME);
        index.put("_diffusers_version", "0.42.1");
        index.put(MAX_SEQUENCE_LENGTH, maxSequenceLength);
        index.put("feature_extractor", new String[2]);
        index.put("image_encoder", new String[2]);
        index.put("scheduler", List.of("diffusers", SchedulerConfig.CLASS_NAME));
        index.put("text_encoder", List.of("transformers", ClipTextConfig.CLASS_NAME));
        index.put("text_encoder_2", List.of("transformers", ClipTextConfig.CLASS_NAME));
        index.put("text_encoder_3", new String[2]);
        index.put("tokenizer", List.of("transformers", "CLIPTokenizer"));
        index.put("tokenizer_2", List.of("transformers", "CLIPTokenizer"));
        index.put("tokenizer_3", new String[2]);
        index.put("transformer", List.of("diffusers", Sd3TransformerConfig.CLASS_NAME));
        index.put("vae", List.of("diffusers", AutoencoderKlConfig.CLASS_NAME));
        return index;
    }

    private static Sd3Transformer loadTransformer(Path directory, Device device) {
        Sd3TransformerConfig config = Sd3TransformerConfig.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(
                directory, DIFFUSERS_WEIGHTS, device, source -> Sd3Transformer.build(config, source, device));
    }

    private static AutoencoderKl loadVae(Path directory, Device device) {
        AutoencoderKlConfig config = AutoencoderKlConfig.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(directory, DIFFUSERS_WEIGHTS, device, source -> AutoencoderKl.build(config, source));
    }

    private static ClipTextEncoder loadTextEncoder(Path directory, Device device) {
        ClipTextConfig config = ClipTextConfig.read(ConfigFile.read(directory.resolve("config.json")));
        return Checkpoint.load(
                directory, TRANSFORMERS_WEIGHTS, device, source -> ClipTextEncoder.build(config, source, device));
    }

    private static void saveNetwork(Path directory, Map<String, Object> config, String weights, Network network) {
        AtomicFile.write(directory.resolve("config.json"), ConfigFile.toJson(config));
        Checkpoint.save(directory, weights, network.state());
    }

    private static void deleteIndex(Path index) {
        try {
            Files.deleteIfExists(index);
        } catch (IOException e) {
            throw new InputException(index + " cannot be replaced: " + e.getMessage(), e);
        }
    }

    private static void require(boolean condition, String complaint) {
        if (!condition) {
            throw new InputException("the parts of this pipeline do not fit together: " + complaint);
        }
    }

    /** Closes the parts that were loaded so far if a later one cannot be. */
    private static final class Opened implements AutoCloseable {
        private final List<AutoCloseable> parts = new ArrayList<>();

        <T extends AutoCloseable> T add(T part) {
            parts.add(part);
            return part;
        }

        void release() {
            parts.clear();
        }

        @Override
        public void close() {
            for (AutoCloseable part : parts) {
                try {
                    part.close();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }
}
