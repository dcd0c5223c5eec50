package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * MixGRPO's sliding window: {@code size} consecutive steps, the same for all groups of an iteration, that begin at the first
 * step and move on by {@code stride} after every dwell. The last step is never part of it. The window stays whole: where a
 * stride would carry it past the end it stops at the end, once, and then begins anew or stays; the published code lets it
 * shrink there, down to an iteration that trains nothing. {@link Window} is the {@code random} strategy. Source: MixGRPO,
 * arXiv:2507.21802; its {@code grpo_states.py}.
 *
 * @param size number of steps, at least 1; 4 in the paper
 * @param stride in steps, at least 1; 1 in the paper
 * @param dwell how long it rests at each place
 * @param rollBack whether it begins anew after the last place; otherwise it stays there
 */
public record MovingWindow(int size, int stride, Dwell dwell, boolean rollBack) implements StochasticPlan {

    public MovingWindow {
        if (size < 1 || stride < 1) {
            throw new InputException("stochastic plan: moving window of " + size + " steps with a stride of " + stride
                    + "; both must be at least 1");
        }
    }

    @Override
    public List<Integer> stochasticSteps(int steps, GroupKey group) {
        int eligible = steps - 1;
        if (size > eligible) {
            throw new InputException("stochastic plan: a window of " + size + " steps is larger than the " + eligible
                    + " steps it moves over (all but the last); make it smaller or lengthen the schedule");
        }
        int start = start(eligible, group.iteration());
        return IntStream.range(start, start + size).boxed().toList();
    }

    private int start(int eligible, long iteration) {
        List<Integer> places = places(eligible - size);
        long round =
                places.stream().mapToLong(place -> dwell.at(place, eligible)).sum();
        long left = rollBack ? iteration % round : iteration;
        for (int place : places) {
            left -= dwell.at(place, eligible);
            if (left < 0) {
                return place;
            }
        }
        return places.get(places.size() - 1);
    }

    private List<Integer> places(int last) {
        List<Integer> places = new ArrayList<>();
        for (int place = 0; place < last; place += stride) {
            places.add(place);
        }
        places.add(last);
        return places;
    }
}
