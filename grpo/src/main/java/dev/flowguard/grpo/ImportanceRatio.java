package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/**
 * How much likelier the policy in training makes a step than the policy that sampled it. With {@code x' = mean_old + s noise}
 * and {@code delta = mean_policy - mean_old}; all per member and averaged over its D latent elements.
 */
public enum ImportanceRatio {

    /**
     * Flow-GRPO's: the ratio of the step densities,
     *
     * <pre>{@code
     * log r = mean[ (x' - mean_old)^2 - (x' - mean_policy)^2 ] / (2 s^2)
     *       = mean(noise delta) / s - mean(delta^2) / (2 s^2)
     * }</pre>
     *
     * <p>to the power that the kernel's papers give it ({@link Transition#densityPower}). Sources: Flow-GRPO,
     * arXiv:2505.05470, equation 5; flow_grpo's {@code scripts/train_sd3.py}. Since {@code E[log r]} is negative while its
     * spread shrinks with D, the upper side of a clip range is out of reach (GRPO-Guard, arXiv:2510.22319): members with A
     * &gt; 0 are never clipped. That is the method's published flaw, not an error here.
     */
    DENSITY {
        @Override
        Tensor logRatio(PolicyChange change) {
            return change.logDensityRatio().mul(change.transition().densityPower());
        }

        @Override
        double rangeScale(long latentElements) {
            return (double) ClipRange.REFERENCE_ELEMENTS / latentElements;
        }

        @Override
        Tensor velocityGradient(PolicyChange change) {
            Transition step = change.transition();
            double perElement = step.densityPower() * Math.abs(step.cv()) / (step.s() * step.s());
            return change.distanceToPolicy().mul(perElement / change.latentElements());
        }
    },

    /**
     * GRPO-Guard's RatioNorm: the log-ratio less its expectation, times s, so that it is centred and one clip range holds on
     * both sides at every step,
     *
     * <pre>{@code
     * log r = s (log-ratio of the densities + mean(delta^2) / (2 s^2))
     *       = mean(noise delta)
     *       = sum (x' - mean_old) (mean_policy - mean_old) / (D s)
     * }</pre>
     *
     * <p>Source: GRPO-Guard, arXiv:2510.22319, equation 8. The last line is what is computed: per member, as a direct dot
     * product. It asks for no log-probability, so it holds for every kernel, whatever its papers call one; corrections of
     * {@link Cps}, whose log-probability has no {@code 1/(2 s^2)}, are needed only where log-probabilities are subtracted. The
     * published script does that, which costs fp32 its last digits, and averages {@code mean(delta^2)} over the batch
     * (flow_grpo issue 244), which lets members shift each other's ratios. As published, the gradient flows through the
     * correction too: inside the trust region the loss is linear in the policy's mean.
     */
    RATIO_NORM {
        @Override
        Tensor logRatio(PolicyChange change) {
            return change.normalisedLogRatio();
        }

        @Override
        double rangeScale(long latentElements) {
            return Math.sqrt((double) ClipRange.REFERENCE_ELEMENTS / latentElements);
        }

        @Override
        Tensor velocityGradient(PolicyChange change) {
            Transition step = change.transition();
            return change.distanceToSampled().mul(Math.abs(step.cv()) / (step.s() * change.latentElements()));
        }
    };

    /** log r as {@code [B]} in fp64, with the graph of the policy's mean. */
    abstract Tensor logRatio(PolicyChange change);

    /** What a clip range stated at {@link ClipRange#REFERENCE_ELEMENTS} is multiplied by at D elements; see there. */
    abstract double rangeScale(long latentElements);

    /** The Euclidean norm of {@code d log r / d velocity}, {@code [B]}. */
    abstract Tensor velocityGradient(PolicyChange change);
}
