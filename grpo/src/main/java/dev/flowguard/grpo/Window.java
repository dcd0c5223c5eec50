package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.List;
import java.util.stream.IntStream;

/**
 * {@code size} consecutive steps, whose first is drawn uniformly for each group from {@code firstStart..lastStart}: the
 * SDE window of Flow-GRPO-Fast (size 2 or 3 in the first half of the schedule) and of MixGRPO's random strategy.
 *
 * @param firstStart earliest step at which the window may begin, at least 0
 * @param lastStart latest step at which it may begin, inclusive
 * @param size number of steps, at least 1
 */
public record Window(int firstStart, int lastStart, int size) implements StochasticPlan {

    public Window {
        if (firstStart < 0 || lastStart < firstStart || size < 1) {
            throw new InputException("stochastic plan: window of " + size + " steps that begins at " + firstStart
                    + " to " + lastStart + "; it needs 0 <= first start <= last start and a size of at least 1");
        }
    }

    @Override
    public List<Integer> stochasticSteps(int steps, GroupKey group) {
        if (size > steps - lastStart) {
            throw new InputException("stochastic plan: a window of " + size + " steps that begins at step " + lastStart
                    + " leaves a schedule of " + steps + " steps; begin earlier or make it smaller");
        }
        int start = firstStart + group.draws().below(lastStart - firstStart + 1);
        return IntStream.range(start, start + size).boxed().toList();
    }
}
