package dev.flowguard.tensor;

/**
 * The settings of {@link AdamW}, by PyTorch's names.
 *
 * @param learningRate 0 or more
 * @param beta1 decay of the running mean of the gradient, in [0, 1)
 * @param beta2 decay of the running mean of its square, in [0, 1)
 * @param epsilon added to the root of the (bias-corrected) mean square, above 0
 * @param weightDecay decoupled: the weight loses {@code learningRate * weightDecay} of itself at each step; 0 or more
 */
public record AdamWConfig(double learningRate, double beta1, double beta2, double epsilon, double weightDecay) {

    /** Checks the ranges. */
    public AdamWConfig {
        require(learningRate >= 0 && Double.isFinite(learningRate), "learning rate", learningRate);
        require(beta1 >= 0 && beta1 < 1, "beta1", beta1);
        require(beta2 >= 0 && beta2 < 1, "beta2", beta2);
        require(epsilon > 0 && Double.isFinite(epsilon), "epsilon", epsilon);
        require(weightDecay >= 0 && Double.isFinite(weightDecay), "weight decay", weightDecay);
    }

    /** PyTorch's defaults but for the learning rate: betas .9 and .999, epsilon 1e-8, weight decay .01. */
    public static AdamWConfig withLearningRate(double learningRate) {
        return new AdamWConfig(learningRate, .9, .999, 1e-8, .01);
    }

    private static void require(boolean condition, String name, double value) {
        if (!condition) {
            throw new IllegalArgumentException(name + " " + value + " is out of range");
        }
    }
}
