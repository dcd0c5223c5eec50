package dev.flowguard.learner.prompts;

import java.util.List;

/** A set of prompts, always in the same order. Thread-safe. */
public interface Prompts {

    /** How many there are, at least 1. */
    int size();

    /**
     * A prompt, from wherever it lies.
     *
     * @param index from 0 to {@link #size()} - 1
     * @throws dev.flowguard.tensor.InputException if it cannot be read any more
     */
    Prompt get(int index);

    /** Prompts that are in memory. */
    static Prompts of(List<Prompt> prompts) {
        List<Prompt> all = List.copyOf(prompts);
        return new Prompts() {
            @Override
            public int size() {
                return all.size();
            }

            @Override
            public Prompt get(int index) {
                return all.get(index);
            }
        };
    }
}
