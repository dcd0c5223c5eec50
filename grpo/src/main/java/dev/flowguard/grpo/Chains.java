package dev.flowguard.grpo;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Every member walks a path of its own, stochastic at all steps of the plan: Flow-GRPO, DanceGRPO, MixGRPO.
 *
 * @param initialNoise whether the members start from noise of their own
 */
public record Chains(InitialNoise initialNoise) implements Exploration {

    /** Where the members of a group start. */
    public enum InitialNoise {
        /** Each from its own noise. Flow-GRPO, appendix C.3: explores better. */
        OWN,
        /** All from the same noise, as in DanceGRPO and MixGRPO; the steps before the first stochastic one are computed once. */
        SHARED
    }

    @Override
    public GroupLayout layout(StochasticPlan plan, int steps, GroupKey group, int groupSize) {
        List<Integer> stochastic = plan.stochasticSteps(steps, group);
        List<Integer> trained = plan.trainedSteps(steps, group);
        return new GroupLayout(IntStream.range(0, groupSize)
                .mapToObj(
                        member -> new MemberPath(initialNoise == InitialNoise.OWN ? member : 0, stochastic, trained, 0))
                .toList());
    }
}
