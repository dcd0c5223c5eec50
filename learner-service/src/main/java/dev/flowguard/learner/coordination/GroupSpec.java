package dev.flowguard.learner.coordination;

import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.grpo.MemberPath;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberSpec;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.proto.v1.RewardEndpoint;
import java.util.List;

/**
 * A group as the run defines it, before anybody samples it. The same group leased again is the same, seeds and all.
 *
 * @param groupId identifies the group within the run, for ever
 * @param iteration the iteration it belongs to; for evaluations, the one before which it is done
 * @param purpose training or evaluation
 * @param members its members; in a training group all prompts are the same
 * @param layout the members' paths: which steps of each are stochastic, which of these are trained, and who competes; no step
 *     is stochastic in evaluations
 * @param returnImages whether the images must come back with the scores
 */
public record GroupSpec(
        long groupId,
        int iteration,
        Purpose purpose,
        List<MemberSeeds> members,
        GroupLayout layout,
        boolean returnImages) {
    public GroupSpec {
        members = List.copyOf(members);
        if (layout.members() != members.size()) {
            throw new IllegalArgumentException(layout.members() + " paths for " + members.size() + " members");
        }
    }

    /** The same group with another layout of as many members. */
    public GroupSpec with(GroupLayout other) {
        return new GroupSpec(groupId, iteration, purpose, members, other, returnImages);
    }

    public boolean training() {
        return purpose == Purpose.PURPOSE_TRAINING;
    }

    /** The group as people name it in messages. */
    public String describe() {
        return (training() ? "group " + groupId : "evaluation group " + GroupPlan.evaluationIndex(groupId))
                + " of iteration " + iteration;
    }

    /**
     * Steps that all members share are the lease's, others each member's own.
     *
     * @param rewards who scores it; empty for the run's settings'
     */
    Lease toLease(long leaseId, long policyVersion, List<RewardEndpoint> rewards) {
        Lease.Builder lease = Lease.newBuilder()
                .setLeaseId(leaseId)
                .setGroupId(groupId)
                .setIteration(iteration)
                .setPurpose(purpose)
                .setPolicyVersion(policyVersion)
                .setReturnImages(returnImages)
                .addAllRewards(rewards);
        boolean alike = layout.paths().stream()
                        .map(path -> List.of(path.stochasticSteps(), path.trainedSteps()))
                        .distinct()
                        .count()
                == 1;
        if (alike) {
            MemberPath path = layout.paths().get(0);
            lease.addAllStochasticSteps(path.stochasticSteps());
            if (!path.trainedSteps().equals(path.stochasticSteps())) {
                lease.addAllTrainedSteps(path.trainedSteps());
            }
        }
        for (int member = 0; member < members.size(); member++) {
            MemberSeeds seeds = members.get(member);
            MemberSpec.Builder spec = MemberSpec.newBuilder()
                    .setPrompt(seeds.prompt().text())
                    .setInitialNoiseSeed(seeds.initialNoise())
                    .setTransitionNoiseSeed(seeds.transitionNoise());
            if (seeds.prompt().metadata().getFieldsCount() > 0) {
                spec.setMetadata(seeds.prompt().metadata());
            }
            if (!alike) {
                spec.addAllStochasticSteps(ownSteps(layout.paths().get(member)));
            }
            lease.addMembers(spec);
        }
        return lease.build();
    }

    private static List<Integer> ownSteps(MemberPath path) {
        if (!path.trainedSteps().equals(path.stochasticSteps())) {
            throw new IllegalArgumentException("a member with steps of its own must train on all of "
                    + path.stochasticSteps() + ", not on " + path.trainedSteps());
        }
        return path.stochasticSteps();
    }
}
