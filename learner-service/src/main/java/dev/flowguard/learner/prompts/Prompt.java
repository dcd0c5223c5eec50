package dev.flowguard.learner.prompts;

import com.google.protobuf.Struct;

/**
 * What to draw, and what its scorers may know about it.
 *
 * @param text the prompt
 * @param metadata for scorers that want it, such as GenEval's clauses; empty where the set says nothing
 */
public record Prompt(String text, Struct metadata) {

    /** A prompt without metadata. */
    public static Prompt of(String text) {
        return new Prompt(text, Struct.getDefaultInstance());
    }
}
