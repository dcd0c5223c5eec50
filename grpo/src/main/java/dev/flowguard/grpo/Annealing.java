package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;

/**
 * How a setting changes over a run, as a share of its peak: a linear warm-up from 0, then a shape that ends at {@code
 * finalShare}. For learning rates, counted in optimizer steps, and for the KL weight, counted in iterations. The shapes are
 * those of diffusers' {@code get_scheduler}: {@code constant_with_warmup}, {@code linear}, {@code cosine}.
 *
 * @param shape after the warm-up
 * @param warmup how many counts the share rises; the first is {@code 1/warmup}. 0 for none
 * @param finalShare share at the end of the run, in [0, 1]; of no meaning for {@link Shape#CONSTANT}
 */
public record Annealing(Shape shape, int warmup, double finalShare) {

    /** The course after the warm-up. */
    public enum Shape {
        CONSTANT {
            @Override
            double remaining(double progress) {
                return 1;
            }
        },
        LINEAR {
            @Override
            double remaining(double progress) {
                return 1 - progress;
            }
        },
        COSINE {
            @Override
            double remaining(double progress) {
                return (1 + Math.cos(Math.PI * progress)) / 2;
            }
        };

        abstract double remaining(double progress);
    }

    public Annealing {
        if (warmup < 0 || !(finalShare >= 0 && finalShare <= 1)) {
            throw new InputException("schedule: a warm-up of " + warmup + " and a final share of " + finalShare
                    + "; the warm-up must be at least 0 and the share in [0, 1]");
        }
    }

    /** The peak, always. */
    public static Annealing none() {
        return new Annealing(Shape.CONSTANT, 0, 1);
    }

    /** This course after a warm-up of another length. */
    public Annealing withWarmup(int counts) {
        return new Annealing(shape, counts, finalShare);
    }

    /**
     * The share of the peak.
     *
     * @param n how many counts came before this one, from 0
     * @param total counts of the whole run; later ones stay at the final share
     */
    public double shareAt(long n, long total) {
        if (n < warmup) {
            return (n + 1.0) / warmup;
        }
        double progress = total <= warmup ? 1 : Math.min(1, (n - warmup) / (double) (total - warmup));
        return shape == Shape.CONSTANT ? 1 : finalShare + (1 - finalShare) * shape.remaining(progress);
    }
}
