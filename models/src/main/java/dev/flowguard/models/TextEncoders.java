package dev.flowguard.models;

import java.util.List;

/**
 * The text encoders of one pipeline class with their tokenizers, and how their outputs are joined. Nothing is remembered
 * here, that is {@link PromptEncoder}'s part.
 *
 * <p>An implementation owns its networks and tokenizers, checks in its constructor that they fit the transformer, and
 * computes inside a {@link dev.flowguard.tensor.Scope}, on one thread at a time.
 */
interface TextEncoders extends AutoCloseable {

    /** The conditioning of at least one prompt, row by row; FLOAT32, in the current scope. */
    Conditioning encode(List<String> prompts);

    /** The networks, for training them; in the order in which their outputs are joined. */
    List<? extends Network> networks();

    @Override
    void close();
}
