package dev.flowguard.learner.coordination;

/**
 * Derives every seed of a run from the run's own seed and the coordinates of what is seeded, so that any number of workers,
 * in any order, draws the same groups:
 *
 * <pre>  s₀ = mix(run seed + γ · stream),  sₖ₊₁ = mix((sₖ ⊕ coordinateₖ) + γ)</pre>
 *
 * with SplitMix64's finaliser as {@code mix} and its odd constant γ. {@code mix} is a bijection: two seeds that differ in
 * the last coordinate alone always differ.
 */
final class Seeds {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    /** What a seed is for. The numbers are part of the format: a run resumes with the seeds it began with. */
    enum Stream {
        PROMPT_ORDER(1),
        INITIAL_NOISE(2),
        TRANSITION_NOISE(3),
        EVALUATION_NOISE(4);

        private final long number;

        Stream(long number) {
            this.number = number;
        }
    }

    private Seeds() {}

    static long derive(long runSeed, Stream stream, long... coordinates) {
        long state = mix(runSeed + GAMMA * stream.number);
        for (long coordinate : coordinates) {
            state = mix((state ^ coordinate) + GAMMA);
        }
        return state;
    }

    /** SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), variant 13 of Stafford. */
    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
