package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;

/** The text encoders of FLUX: CLIP's pooled state modulates, T5's tokens are the context. */
final class FluxTextEncoders implements TextEncoders {

    private static final String T5_ENCODER = "text_encoder_2";
    private static final String T5_TOKENIZER = "tokenizer_2";

    private final ClipTextEncoder clip;
    private final ClipTokenizer clipTokenizer;
    private final T5TextEncoder t5;
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
            ClipTokenizer clipTokenizer,
            T5TextEncoder t5,
            int maxSequenceLength,
            FluxTransformerConfig transformer) {
        this.clip = clip;
        this.clipTokenizer = clipTokenizer;
        this.t5 = t5;
        this.maxSequenceLength = maxSequenceLength;
        PipelineParts.require(
                clip.config().hiddenSize() == transformer.pooledProjectionDim(),
                "text_encoder's hidden_size must be the transformer's pooled_projection_dim");
        PipelineParts.require(
                t5.network().config().dModel() == transformer.jointAttentionDim(),
                "text_encoder_2's d_model must be the transformer's joint_attention_dim");
        PipelineParts.require(
                clipTokenizer.maxLength() <= clip.config().maxPositionEmbeddings(),
                "the tokenizer's model_max_length must not exceed text_encoder's max_position_embeddings");
        PipelineParts.require(
                clipTokenizer.vocabularySize() <= clip.config().vocabSize(),
                "the tokenizer knows more tokens than text_encoder's vocab_size");
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
                    parts.add(ClipTokenizer.load(folder.component("tokenizer"))),
                    parts.add(T5TextEncoder.load(folder, T5_ENCODER, T5_TOKENIZER, options)),
                    maxSequenceLength,
                    transformer);
            parts.release();
            return encoders;
        }
    }

    /** Writes the parts into a pipeline's folder. */
    void save(Path directory) {
        clip.save(directory.resolve("text_encoder"));
        clipTokenizer.save(directory.resolve("tokenizer"));
        t5.network().save(directory.resolve(T5_ENCODER));
        t5.tokenizer().save(directory.resolve(T5_TOKENIZER));
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
            return new Conditioning(t5.encode(prompts, maxSequenceLength), pooled).keep();
        }
    }

    @Override
    public List<Network> networks() {
        return List.of(clip, t5.network());
    }

    @Override
    public void close() {
        clip.close();
        clipTokenizer.close();
        t5.close();
    }
}
