package dev.flowguard.rollout;

import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.grpo.MemberPath;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a lease's members move: who starts where, and at which steps each is stochastic.
 *
 * @param origins what a trajectory begins with, each once
 * @param layout the members' paths from there; who competes with whom is the learner's business
 */
record LeasedPaths(List<Origin> origins, GroupLayout layout) {

    /**
     * Where members start: with both the same, they are one trajectory up to their first stochastic step.
     *
     * @param prompt what they follow
     * @param seed of the initial noise
     */
    record Origin(String prompt, long seed) {}

    LeasedPaths {
        origins = List.copyOf(origins);
    }

    static LeasedPaths of(Lease lease) {
        Map<Origin, Integer> origins = new LinkedHashMap<>();
        List<MemberPath> paths = new ArrayList<>();
        for (MemberSpec member : lease.getMembersList()) {
            Origin start = new Origin(member.getPrompt(), member.getInitialNoiseSeed());
            Integer known = origins.putIfAbsent(start, origins.size());
            int origin = known == null ? origins.size() - 1 : known;
            paths.add(
                    member.getStochasticStepsCount() > 0
                            ? path(origin, member.getStochasticStepsList(), List.of())
                            : path(origin, lease.getStochasticStepsList(), lease.getTrainedStepsList()));
        }
        return new LeasedPaths(List.copyOf(origins.keySet()), new GroupLayout(paths));
    }

    private static MemberPath path(int origin, List<Integer> stochastic, List<Integer> trained) {
        return new MemberPath(origin, stochastic, trained.isEmpty() ? stochastic : trained, 0);
    }

    List<Long> seeds() {
        return origins.stream().map(Origin::seed).toList();
    }

    /** The prompts that rows of these origins follow. */
    List<String> prompts(List<Integer> rows) {
        return rows.stream().map(row -> origins.get(row).prompt()).toList();
    }
}
