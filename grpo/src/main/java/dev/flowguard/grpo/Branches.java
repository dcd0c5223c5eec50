package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.ArrayList;
import java.util.List;

/**
 * TempFlow-GRPO's trajectory branching: from each seed one main path by the ODE; at every step of the plan {@code perStep}
 * members leave it by one stochastic step each and follow the ODE to their image. Given x_i, all that tells the members of a
 * step apart is the noise of that step, so their rewards measure that step and no other.
 *
 * <p>With T steps, all but the last of them branched, a seed costs {@code T - 1 + perStep T (T - 1) / 2} velocities for
 * {@code perStep (T - 1)} members: 279 for 54 at T = 10, perStep = 6. Sources: TempFlow-GRPO, arXiv:2508.04324; its {@code
 * scripts/train_sd3_pr.py}.
 *
 * <p>A group size of n makes {@code n / perStep} seeds and n members at each step of the plan: the paper's 24 are 4 seeds of
 * 6 branches. Members are ordered by seed, then step, then branch.
 *
 * @param perStep K, branches of a step, at least 2; 6 in the paper
 * @param compared with whom a branch competes
 */
public record Branches(int perStep, Compared compared) implements Exploration {

    /** The members that are compared with each other. */
    public enum Compared {
        /** Branches of the same step of the same main path, as the published code does: K compete. */
        SEED,
        /** Branches of the same step of all main paths of the prompt: the whole group size competes. */
        PROMPT
    }

    public Branches {
        if (perStep < 2) {
            throw new InputException(
                    "branches: " + perStep + " a step; it needs at least 2 to compare, 6 in TempFlow-GRPO");
        }
    }

    @Override
    public GroupLayout layout(StochasticPlan plan, int steps, GroupKey group, int groupSize) {
        if (groupSize % perStep != 0) {
            throw new InputException("branches: a group of " + groupSize + " cannot be divided into seeds of " + perStep
                    + " branches; make the group size a multiple of " + perStep);
        }
        List<Integer> branched = plan.trainedSteps(steps, group);
        List<MemberPath> paths = new ArrayList<>();
        for (int seed = 0; seed < groupSize / perStep; seed++) {
            for (int step : branched) {
                int comparison = compared == Compared.SEED ? seed * steps + step : step;
                for (int branch = 0; branch < perStep; branch++) {
                    paths.add(new MemberPath(seed, List.of(step), List.of(step), comparison));
                }
            }
        }
        return new GroupLayout(paths);
    }
}
