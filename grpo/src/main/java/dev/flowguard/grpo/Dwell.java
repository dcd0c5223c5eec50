package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/** How many iterations a {@link MovingWindow} rests where it is. Immutable. Source: MixGRPO's {@code grpo_states.py}. */
public sealed interface Dwell {

    /**
     * The number of iterations, at least 1.
     *
     * @param start first step of the window
     * @param eligible number of steps that the window moves over
     */
    int at(int start, int eligible);

    /**
     * The same everywhere: MixGRPO's {@code progressive}.
     *
     * @param iterations at least 1; 25 in the paper
     */
    record Constant(int iterations) implements Dwell {
        public Constant {
            requireAtLeastOne(iterations);
        }

        @Override
        public int at(int start, int eligible) {
            return iterations;
        }
    }

    /**
     * Falling linearly over the schedule: MixGRPO's {@code decay}.
     *
     * @param first iterations at the first step
     * @param last what it would be past the last step, at least 1
     */
    record Linear(int first, int last) implements Dwell {
        public Linear {
            requireAtLeastOne(first);
            requireAtLeastOne(last);
        }

        @Override
        public int at(int start, int eligible) {
            double progress = start / (double) eligible;
            return Math.max(last, (int) (first * (1 - progress) + last * progress));
        }
    }

    /**
     * {@code ceil(iterations e^(-rate max(0, start - threshold)))}: MixGRPO's {@code exp_decay}.
     *
     * @param iterations up to the threshold, at least 1
     * @param threshold step from which it falls; 13 of 25 in the paper's code
     * @param rate at least 0; .1 in the paper's code
     */
    record Exponential(int iterations, int threshold, double rate) implements Dwell {
        public Exponential {
            requireAtLeastOne(iterations);
            if (!(threshold >= 0 && rate >= 0 && Double.isFinite(rate))) {
                throw new InputException("stochastic plan: dwell falls from step " + threshold + " at rate " + rate
                        + "; both must be at least 0");
            }
        }

        @Override
        public int at(int start, int eligible) {
            return (int) Math.ceil(iterations * Math.exp(-rate * Math.max(0, start - threshold)));
        }
    }

    private static void requireAtLeastOne(int iterations) {
        if (iterations < 1) {
            throw new InputException("stochastic plan: a window that stays for " + iterations
                    + " iterations; it must stay for at least 1, 25 in MixGRPO");
        }
    }
}
