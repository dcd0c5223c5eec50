package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.List;
import java.util.Set;

/**
 * How one member of a group gets from noise to image, and with whom it is compared. Members of the same origin start from
 * the same noise; until the first stochastic step of either they are the same trajectory and are computed once.
 *
 * @param origin which of the group's initial latents it starts from, from 0
 * @param stochasticSteps its stochastic steps, rising; the others are the ODE's
 * @param trainedSteps those of the stochastic steps that are trained, rising
 * @param comparison members of the same number compete for the same advantage
 */
public record MemberPath(int origin, List<Integer> stochasticSteps, List<Integer> trainedSteps, int comparison) {

    public MemberPath {
        stochasticSteps = List.copyOf(stochasticSteps);
        trainedSteps = List.copyOf(trainedSteps);
        requireRising(stochasticSteps);
        requireRising(trainedSteps);
        if (!Set.copyOf(stochasticSteps).containsAll(trainedSteps)) {
            throw new InputException("steps " + trainedSteps + " are to be trained, but only " + stochasticSteps
                    + " are stochastic; a step without noise has no probability");
        }
    }

    private static void requireRising(List<Integer> steps) {
        for (int i = 1; i < steps.size(); i++) {
            if (steps.get(i) <= steps.get(i - 1)) {
                throw new InputException("steps " + steps + " must rise");
            }
        }
    }
}
