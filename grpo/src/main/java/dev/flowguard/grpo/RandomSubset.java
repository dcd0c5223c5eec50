package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@code count} distinct steps out of the first part of the schedule, the last step never, every choice equally likely, drawn
 * for each group: the plan of Flow-Factory (all but the last) and of UniRL's Flow-DPPO (the first half).
 *
 * @param count number of stochastic steps, at least 1
 * @param firstPart share of the schedule that the steps come from, in (0, 1]; 1 for all but the last
 */
public record RandomSubset(int count, double firstPart) implements StochasticPlan {

    /** Out of all steps but the last. */
    public RandomSubset(int count) {
        this(count, 1);
    }

    public RandomSubset {
        if (!(firstPart > 0 && firstPart <= 1)) {
            throw new InputException("stochastic plan: random steps of the first " + firstPart
                    + " of the schedule; it must be in (0, 1], 1 for all but the last");
        }
        if (count < 1) {
            throw new InputException("stochastic plan: " + count + " random steps; it needs at least 1");
        }
    }

    @Override
    public List<Integer> stochasticSteps(int steps, GroupKey group) {
        int eligible = Math.min(steps - 1, (int) (steps * firstPart));
        if (count > eligible) {
            throw new InputException("stochastic plan: " + count + " random steps out of " + eligible
                    + " (never the last); choose fewer or lengthen the schedule");
        }
        List<Integer> urn = new ArrayList<>(IntStream.range(0, eligible).boxed().toList());
        PlanDraws draws = group.draws();
        for (int i = 0; i < count; i++) {
            Collections.swap(urn, i, i + draws.below(eligible - i));
        }
        return urn.subList(0, count).stream().sorted().toList();
    }
}
