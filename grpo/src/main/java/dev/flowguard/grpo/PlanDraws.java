package dev.flowguard.grpo;

/**
 * A sequence of uniform integers that its key determines: SplitMix64 (Steele, Lea and Flood, 2014) started at a hash of
 * the key. Its own few lines, because the algorithms behind {@code java.util.random} may change from one JDK to the
 * next while a run is resumed.
 */
final class PlanDraws {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    PlanDraws(long... key) {
        for (long part : key) {
            state = mix(state + GOLDEN_GAMMA + part);
        }
    }

    /** Uniform in 0..bound-1; the bias, below bound / 2^63, is of no consequence for a choice of steps. */
    int below(int bound) {
        state += GOLDEN_GAMMA;
        return (int) Math.floorMod(mix(state), (long) bound);
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
