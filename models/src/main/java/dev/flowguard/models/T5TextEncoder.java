package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.util.List;

/** A T5 encoder with its tokenizer, called as diffusers' pipelines call them: padded, cut, and without attention mask. */
final class T5TextEncoder implements AutoCloseable {

    private final T5Encoder encoder;
    private final T5Tokenizer tokenizer;

    /**
     * Takes ownership of both.
     *
     * @throws InputException if they do not fit together; then nothing was taken
     */
    T5TextEncoder(T5Encoder encoder, T5Tokenizer tokenizer) {
        PipelineParts.require(
                tokenizer.vocabularySize() <= encoder.config().vocabSize(),
                "the T5 tokenizer knows more tokens than its text encoder's vocab_size");
        this.encoder = encoder;
        this.tokenizer = tokenizer;
    }

    /** Loads both from their folders in a pipeline, outside of any scope that could close them. */
    static T5TextEncoder load(PipelineFolder folder, String encoder, String tokenizer, WeightOptions options) {
        try (PipelineParts parts = new PipelineParts()) {
            T5TextEncoder loaded = new T5TextEncoder(
                    parts.add(T5Encoder.load(folder.component(encoder), options)),
                    parts.add(T5Tokenizer.load(folder.component(tokenizer))));
            parts.release();
            return loaded;
        }
    }

    /** [B, length, d_model], FLOAT32, in the current scope. */
    Tensor encode(List<String> prompts, int length) {
        return encoder.encode(
                prompts.stream().map(prompt -> tokenizer.encode(prompt, length)).toList());
    }

    T5Encoder network() {
        return encoder;
    }

    T5Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public void close() {
        encoder.close();
        tokenizer.close();
    }
}
