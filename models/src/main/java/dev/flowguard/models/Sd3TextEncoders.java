package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The text encoders of Stable Diffusion 3 without T5: the outputs of two CLIP encoders side by side, filled up with zeros to
 * the transformer's width, and one zero token for all those that diffusers puts in T5's place.
 */
final class Sd3TextEncoders implements TextEncoders {

    private final Device device;
    private final ClipTextEncoder encoder;
    private final ClipTextEncoder encoder2;
    private final ClipTokenizer tokenizer;
    private final ClipTokenizer tokenizer2;
    private final int maxSequenceLength;
    private final int width;

    /**
     * Takes ownership of the networks and tokenizers.
     *
     * @param maxSequenceLength number of zero tokens in place of T5
     * @param transformer that is to be conditioned
     * @throws InputException if the parts do not fit together; then nothing was taken
     */
    Sd3TextEncoders(
            Device device,
            ClipTextEncoder encoder,
            ClipTextEncoder encoder2,
            ClipTokenizer tokenizer,
            ClipTokenizer tokenizer2,
            int maxSequenceLength,
            Sd3TransformerConfig transformer) {
        this.device = device;
        this.encoder = encoder;
        this.encoder2 = encoder2;
        this.tokenizer = tokenizer;
        this.tokenizer2 = tokenizer2;
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
        PipelineParts.require(
                maxSequenceLength >= 0 && maxSequenceLength <= 512,
                "max_sequence_length must be from 0 to 512, not " + maxSequenceLength);
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
            if (maxSequenceLength > 0) {
                // All zero tokens are one, see Conditioning.
                context = Ops.concat(List.of(context, Tensor.zeros(device, context.dtype(), batch, 1, width)), 1);
            }
            Tensor pooled = Ops.concat(List.of(first.pooled(), second.pooled()), 1);
            return new Conditioning(context, pooled, Math.max(1, maxSequenceLength)).keep();
        }
    }

    @Override
    public List<ClipTextEncoder> networks() {
        return List.of(encoder, encoder2);
    }

    @Override
    public void close() {
        encoder.close();
        encoder2.close();
        tokenizer.close();
        tokenizer2.close();
    }

    /** Both text encoders get sequences of the first tokenizer's length, as in diffusers. */
    private List<long[]> ids(ClipTokenizer by, List<String> prompts) {
        return prompts.stream()
                .map(prompt -> by.encode(prompt, tokenizer.maxLength()))
                .toList();
    }
}
