package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The text encoders of Stable Diffusion 3: the outputs of two CLIP encoders side by side, filled up with zeros to the
 * transformer's width; then T5's, or without T5 one zero token for all those that diffusers puts in its place.
 */
final class Sd3TextEncoders implements TextEncoders {

    private static final String T5_ENCODER = "text_encoder_3";
    private static final String T5_TOKENIZER = "tokenizer_3";

    private final Device device;
    private final ClipTextEncoder encoder;
    private final ClipTextEncoder encoder2;
    private final ClipTokenizer tokenizer;
    private final ClipTokenizer tokenizer2;
    private final @Nullable T5TextEncoder t5;
    private final int maxSequenceLength;
    private final int width;

    /**
     * Takes ownership of the networks and tokenizers.
     *
     * @param t5 or null to do without
     * @param maxSequenceLength number of T5's tokens, or of zero tokens in their place
     * @param transformer that is to be conditioned
     * @throws InputException if the parts do not fit together; then nothing was taken
     */
    Sd3TextEncoders(
            Device device,
            ClipTextEncoder encoder,
            ClipTextEncoder encoder2,
            ClipTokenizer tokenizer,
            ClipTokenizer tokenizer2,
            @Nullable T5TextEncoder t5,
            int maxSequenceLength,
            Sd3TransformerConfig transformer) {
        this.device = device;
        this.encoder = encoder;
        this.encoder2 = encoder2;
        this.tokenizer = tokenizer;
        this.tokenizer2 = tokenizer2;
        this.t5 = t5;
        this.maxSequenceLength = maxSequenceLength;
        this.width = transformer.jointAttentionDim();
        ClipTextConfig first = encoder.config();
        ClipTextConfig second = encoder2.config();
        PipelineParts.require(
                first.hiddenSize() + second.hiddenSize() <= width,
                "the text encoders' hidden_size add up to more than the transformer's joint_attention_dim");
        PipelineParts.require(
                first.projectionDim() + second.projectionDim() == transformer.pooledProjectionDim(),
                "the text encoders' projection_dim must add up to the transformer's pooled_projection_dim");
        PipelineParts.require(
                tokenizer.maxLength() <= Math.min(first.maxPositionEmbeddings(), second.maxPositionEmbeddings()),
                "the tokenizer's model_max_length must not exceed the text encoders' max_position_embeddings");
        PipelineParts.require(
                tokenizer.vocabularySize() <= first.vocabSize() && tokenizer2.vocabularySize() <= second.vocabSize(),
                "a tokenizer knows more tokens than its text encoder's vocab_size");
        int shortest = t5 == null ? 0 : 1;
        PipelineParts.require(
                maxSequenceLength >= shortest && maxSequenceLength <= 512,
                "max_sequence_length must be from " + shortest + " to 512, not " + maxSequenceLength);
        PipelineParts.require(
                t5 == null || t5.network().config().dModel() == width,
                "T5's d_model must be the transformer's joint_attention_dim");
    }

    /** Loads the parts from their folders, outside of any scope that could close them. */
    static Sd3TextEncoders load(
            PipelineFolder folder, WeightOptions options, int maxSequenceLength, Sd3TransformerConfig transformer) {
        try (PipelineParts parts = new PipelineParts()) {
            Sd3TextEncoders encoders = new Sd3TextEncoders(
                    options.device(),
                    parts.add(ClipTextEncoder.load(folder.component("text_encoder"), options)),
                    parts.add(ClipTextEncoder.load(folder.component("text_encoder_2"), options)),
                    parts.add(ClipTokenizer.load(folder.component("tokenizer"))),
                    parts.add(ClipTokenizer.load(folder.component("tokenizer_2"))),
                    folder.has(T5_ENCODER)
                            ? parts.add(T5TextEncoder.load(folder, T5_ENCODER, T5_TOKENIZER, options))
                            : null,
                    maxSequenceLength,
                    transformer);
            parts.release();
            return encoders;
        }
    }

    /** Writes the parts into a pipeline's folder. */
    void save(Path directory) {
        encoder.save(directory.resolve("text_encoder"));
        encoder2.save(directory.resolve("text_encoder_2"));
        tokenizer.save(directory.resolve("tokenizer"));
        tokenizer2.save(directory.resolve("tokenizer_2"));
        if (t5 != null) {
            t5.network().save(directory.resolve(T5_ENCODER));
            t5.tokenizer().save(directory.resolve(T5_TOKENIZER));
        }
    }

    @Override
    public Conditioning encode(List<String> prompts) {
        try (Scope scope = Scope.open()) {
            ClipTextEncoder.Encoded first = encoder.encode(ids(tokenizer, prompts));
            ClipTextEncoder.Encoded second = encoder2.encode(ids(tokenizer2, prompts));
            List<Tensor> features = new ArrayList<>(List.of(first.context(), second.context()));
            int batch = prompts.size();
            int missing =
                    width - encoder.config().hiddenSize() - encoder2.config().hiddenSize();
            if (missing > 0) {
                features.add(Tensor.zeros(
                        device, first.context().dtype(), batch, first.context().size(1), missing));
            }
            Tensor context = Ops.concat(features, 2);
            Tensor pooled = Ops.concat(List.of(first.pooled(), second.pooled()), 1);
            if (t5 != null) {
                Tensor states = t5.encode(prompts, maxSequenceLength);
                return new Conditioning(Ops.concat(List.of(context, states), 1), pooled).keep();
            }
            if (maxSequenceLength == 0) {
                return new Conditioning(context, pooled).keep();
            }
            // All zero tokens are one, see Conditioning.
            Tensor zero = Tensor.zeros(device, context.dtype(), batch, 1, width);
            return new Conditioning(Ops.concat(List.of(context, zero), 1), pooled, maxSequenceLength).keep();
        }
    }

    @Override
    public List<Network> networks() {
        return t5 == null ? List.of(encoder, encoder2) : List.of(encoder, encoder2, t5.network());
    }

    /** What {@code model_index.json} says of these parts. */
    Map<String, Object> index() {
        Map<String, Object> index = new LinkedHashMap<>();
        index.put("text_encoder", List.of("transformers", ClipTextConfig.CLASS_NAME));
        index.put("text_encoder_2", List.of("transformers", ClipTextConfig.CLASS_NAME));
        index.put(T5_ENCODER, t5 == null ? new String[2] : List.of("transformers", T5Config.CLASS_NAME));
        index.put("tokenizer", List.of("transformers", "CLIPTokenizer"));
        index.put("tokenizer_2", List.of("transformers", "CLIPTokenizer"));
        index.put(T5_TOKENIZER, t5 == null ? new String[2] : List.of("transformers", "T5TokenizerFast"));
        return index;
    }

    @Override
    public void close() {
        encoder.close();
        encoder2.close();
        tokenizer.close();
        tokenizer2.close();
        if (t5 != null) {
            t5.close();
        }
    }

    /** Both text encoders get sequences of the first tokenizer's length, as in diffusers. */
    private List<long[]> ids(ClipTokenizer by, List<String> prompts) {
        return prompts.stream()
                .map(prompt -> by.encode(prompt, tokenizer.maxLength()))
                .toList();
    }
}
