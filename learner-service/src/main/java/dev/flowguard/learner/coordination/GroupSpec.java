package dev.flowguard.learner.coordination;

import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberSpec;
import dev.flowguard.proto.v1.Purpose;
import java.util.List;

/**
 * A group as the run defines it, before anybody samples it. The same group leased again is the same, seeds and all.
 *
 * @param groupId identifies the group within the run, for ever
 * @param iteration the iteration it belongs to; for evaluations, the one before which it is done
 * @param purpose training or evaluation
 * @param members its members; in a training group all prompts are the same
 * @param stochasticSteps rising indices of the stochastic steps; empty in evaluations
 * @param returnImages whether the images must come back with the scores
 */
public record GroupSpec(
        long groupId,
        int iteration,
        Purpose purpose,
        List<MemberSeeds> members,
        List<Integer> stochasticSteps,
        boolean returnImages) {
    public GroupSpec {
        members = List.copyOf(members);
        stochasticSteps = List.copyOf(stochasticSteps);
    }

    public boolean training() {
        return purpose == Purpose.PURPOSE_TRAINING;
    }

    /** The group as people name it in messages. */
    public String describe() {
        return (training() ? "group " + groupId : "evaluation group " + GroupPlan.evaluationIndex(groupId))
                + " of iteration " + iteration;
    }

    Lease toLease(long leaseId, long policyVersion) {
        Lease.Builder lease = Lease.newBuilder()
                .setLeaseId(leaseId)
                .setGroupId(groupId)
                .setIteration(iteration)
                .setPurpose(purpose)
                .setPolicyVersion(policyVersion)
                .addAllStochasticSteps(stochasticSteps)
                .setReturnImages(returnImages);
        for (MemberSeeds member : members) {
            lease.addMembers(MemberSpec.newBuilder()
                    .setPrompt(member.prompt())
                    .setInitialNoiseSeed(member.initialNoise())
                    .setTransitionNoiseSeed(member.transitionNoise()));
        }
        return lease.build();
    }
}
