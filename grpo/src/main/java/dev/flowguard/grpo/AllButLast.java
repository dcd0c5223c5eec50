package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Every step but the last. Flow-GRPO makes the last one stochastic too and then leaves it out of training ({@code
 * timestep_fraction = .99}); its noise is invisible under SD3's schedule (s = .006) but not under FLUX's (s = .29), so
 * here the last step is the ODE's.
 */
public record AllButLast() implements StochasticPlan {

    @Override
    public List<Integer> stochasticSteps(int steps, GroupKey group) {
        if (steps < 2) {
            throw new InputException("stochastic plan: a schedule of " + steps
                    + " steps has no step but the last; use at least 2 steps");
        }
        return IntStream.range(0, steps - 1).boxed().toList();
    }
}
