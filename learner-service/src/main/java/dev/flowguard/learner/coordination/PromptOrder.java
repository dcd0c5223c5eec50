package dev.flowguard.learner.coordination;

import java.util.Random;

/**
 * In which order a set of prompts is drawn: a pure function of the run's seed. Every epoch is a fresh shuffle of all of them,
 * so a run that goes on from an ordinal goes on with the prompts that it would have drawn.
 *
 * <p>Holds the shuffle of the epoch that was last asked for, four bytes a prompt. Thread-safe.
 */
final class PromptOrder {
    private final long seed;
    private final int prompts;
    private volatile Epoch last;

    @SuppressWarnings("ArrayRecordComponent") // never compared, never written to
    private record Epoch(long number, int[] order) {}

    /**
     * @param seed of the run
     * @param prompts how many there are
     */
    PromptOrder(long seed, int prompts) {
        this.seed = seed;
        this.prompts = prompts;
        this.last = shuffled(0);
    }

    /** Index of the prompt that is drawn at this ordinal, from 0. */
    int at(long ordinal) {
        Epoch epoch = last;
        if (epoch.number() != ordinal / prompts) {
            epoch = shuffled(ordinal / prompts);
            last = epoch;
        }
        return epoch.order()[(int) (ordinal % prompts)];
    }

    /** As {@link java.util.Collections#shuffle} does it, which runs of earlier versions began with. */
    private Epoch shuffled(long number) {
        Random random = new Random(Seeds.derive(seed, Seeds.Stream.PROMPT_ORDER, number));
        int[] order = new int[prompts];
        for (int i = 0; i < prompts; i++) {
            order[i] = i;
        }
        for (int i = prompts; i > 1; i--) {
            int other = random.nextInt(i);
            int moved = order[i - 1];
            order[i - 1] = order[other];
            order[other] = moved;
        }
        return new Epoch(number, order);
    }
}
