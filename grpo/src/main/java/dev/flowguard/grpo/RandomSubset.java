package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@code count} distinct steps out of all but the last, every choice equally likely, drawn for each group: the plan of
 * Flow-Factory, and the idea of DanceGRPO's timestep fraction.
 *
 * @param count number of stochastic steps, at least 1
 */
public record RandomSubset(int count) implements StochasticPlan {

    public RandomSubset {
        if (count < 1) {
            throw new InputException("stochastic plan: " + count + " random steps; it needs at least 1");
        }
    }

    @Override
    public List<Integer> stochasticSteps(int steps, GroupKey group) {
        int eligible = steps - 1;
        if (count > eligible) {
            throw new InputException("stochastic plan: " + count + " random steps out of " + eligible
                    + " (all but the last); choose fewer or lengthen the schedule");
        }
        List<Integer> urn = new ArrayList<>(IntStream.range(0, eligible).boxed().toList());
        PlanDraws draws = group.draws();
        for (int i = 0; i < count; i++) {
            Collections.swap(urn, i, i + draws.below(eligible - i));
        }
        return urn.subList(0, count).stream().sorted().toList();
    }
}
