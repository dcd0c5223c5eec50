package dev.flowguard.cli.parity;

import dev.flowguard.tensor.InputException;

/**
 * The largest distances that pass, relative to an entry's largest element.
 *
 * @param outputs for what a component returns
 * @param gradients for the gradients of its parameters
 */
record Tolerances(double outputs, double gradients) {

    /**
     * Where a gradient is tiny beside its component's largest one, it is measured against this part of that: some are zero but
     * for rounding (a softmax does not see the bias of its keys), and there is no digit in them to agree on.
     */
    static final double GRADIENT_FLOOR = 1e-3;

    Tolerances {
        requirePositive("--tolerance", outputs);
        requirePositive("--gradient-tolerance", gradients);
    }

    private static void requirePositive(String option, double value) {
        if (!(value > 0 && value < 1)) {
            throw new InputException(option + ": " + value + " is outside (0, 1): try 1e-4");
        }
    }
}
