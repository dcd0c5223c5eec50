package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;

/** The text encoders of FLUX: CLIP's pooled state modulates, T5's tokens are the context. */
final class FluxTextEncoders implements TextEncoders {

    private final ClipTextEncoder clip;
    private final T5Encoder t5;
    private final ClipTokenizer clipTokenizer;
    private final T5Tokenizer t5Tokenizer;
    private final int maxSequenceLength;

    /**
     * Takes ownership of the networks and tokenizers.
     *
     * @param maxSequenceLength number of T5's tokens
     * @param transformer that is to be conditioned
     * @throws InputException if the parts do not fit together; then nothing was taken
     */
    FluxTextEncoders(
            ClipTextEncoder clip,
            T5Encoder t5,
            ClipTokenizer clipTokenizer,
            T5Tokenizer t5Tokenizer,
            int maxSequenceLength,
            FluxTransformerConfig transformer) {
        this.clip = clip;
        this.t5 = t5;
        this.clipTokenizer = clipTokenizer;
        this.t5Tokenizer = t5Tokenizer;
        this.maxSequenceLength = maxSequenceLength;
        PipelineParts.require(
                clip.config().hiddenSize() == transformer.pooledProjectionDim(),
                "text_encoder's hidden_size must be the transformer's pooled_projection_dim");
        PipelineParts.require(
                t5.config().dModel() == transformer.jointAttentionDim(),
                "text_encoder_2's d_model must be the transformer's joint_attention_dim");
        PipelineParts.require(
                clipTokenizer.maxLength() <= clip.config().maxPositionEmbeddings(),
                "the tokenizer's model_max_length must not exceed text_encoder's max_position_embeddings");
        PipelineParts.require(
                clipTokenizer.vocabularySize() <= clip.config().vocabSize()
                        && t5Tokenizer.vocabularySize() <= t5.config().vocabSize(),
                "a tokenizer knows more tokens than its text encoder's vocab_size");
        PipelineParts.require(
                maxSequenceLength >= 1 && maxSequenceLength <= FluxPipeline.DEFAULT_MAX_SEQUENCE_LENGTH,
                "max_sequence_length must be from 1 to 512, not " + maxSequenceLength);
    }

    /** Loads the parts from their folders, outside of any scope that could close them. */
    static FluxTextEncoders load(
            PipelineFolder folder, WeightOptions options, int maxSequenceLength, FluxTransformerConfig transformer) {
        try (PipelineParts parts = new PipelineParts()) {
            FluxTextEncoders encoders = new FluxTextEncoders(
                    parts.add(ClipTextEncoder.load(folder.component("text_encoder"), options)),
                    parts.add(T5Encoder.load(folder.component("text_encoder_2"), options)),
                    parts.add(ClipTokenizer.load(folder.component("tokenizer"))),
                    parts.add(T5Tokenizer.load(folder.component("tokenizer_2"))),
                    maxSequenceLength,
                    transformer);
            parts.release();
            return encoders;
        }
    }

    /** Writes the parts into a pipeline's folder. */
    void save(Path directory) {
        clip.save(directory.resolve("text_encoder"));
        t5.save(directory.resolve("text_encoder_2"));
        clipTokenizer.save(directory.resolve("tokenizer"));
        t5Tokenizer.save(directory.resolve("tokenizer_2"));
    }

    /** The name of the CLIP encoder's class in transformers. */
    String clipClassName() {
        return clip.config().className();
    }

    @Override
    public Conditioning encode(List<String> prompts) {
        try (Scope scope = Scope.open()) {
            Tensor pooled = clip.pool(prompts.stream()
                    .map(prompt -> clipTokenizer.encode(prompt, clipTokenizer.maxLength()))
                    .toList());
            Tensor context = t5.encode(prompts.stream()
                    .map(prompt -> t5Tokenizer.encode(prompt, maxSequenceLength))
                    .toList());
            return new Conditioning(context, pooled).keep();
        }
    }

    @Override
    public List<Network> networks() {
        return List.of(clip, t5);
    }

    @Override
    public void close() {
        clip.close();
        t5.close();
        clipTokenizer.close();
        t5Tokenizer.close();
    }
}
