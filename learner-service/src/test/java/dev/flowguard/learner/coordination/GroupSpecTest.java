package dev.flowguard.learner.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.flowguard.grpo.AllButLast;
import dev.flowguard.grpo.Branches;
import dev.flowguard.grpo.Chains;
import dev.flowguard.grpo.Exploration;
import dev.flowguard.grpo.GroupKey;
import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.grpo.StochasticPlan;
import dev.flowguard.grpo.TimestepFraction;
import dev.flowguard.learner.prompts.Prompt;
import dev.flowguard.learner.prompts.Prompts;
import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.MemberSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

class GroupSpecTest {

    private static GroupSpec group(Exploration exploration, StochasticPlan plan) {
        GroupLayout layout = exploration.layout(plan, 4, new GroupKey(1, 0, 0), 4);
        return plan(layout, Prompt.of("a sign")).training(0);
    }

    private static GroupPlan plan(GroupLayout layout, Prompt prompt) {
        Prompts prompts = Prompts.of(List.of(prompt));
        return new GroupPlan(new GroupPlan.Settings(1, 1, prompts, prompts, 1, 2, 0, 1, (iteration, index) -> layout));
    }

    @Test
    void everyMemberCarriesTheMetadataOfItsPrompt() {
        Struct metadata = Struct.newBuilder()
                .putFields("tag", Value.newBuilder().setStringValue("counting").build())
                .build();
        GroupPlan plan = plan(GroupLayout.ofChains(2, List.of(0)), new Prompt("two dogs", metadata));

        assertThat(plan.training(0).toLease(1, 0, List.of()).getMembersList())
                .extracting(MemberSpec::getMetadata)
                .containsExactly(metadata, metadata);
        assertThat(plan.evaluation(0).get(0).toLease(1, 0, List.of()).getMembersList())
                .extracting(MemberSpec::getMetadata)
                .containsExactly(metadata);
        assertThat(group(new Chains(Chains.InitialNoise.OWN), new AllButLast())
                        .toLease(1, 0, List.of())
                        .getMembersList())
                .noneMatch(MemberSpec::hasMetadata);
    }

    @Test
    void branchesOfAMainPathStartFromOneNoiseAndHaveAStepOfTheirOwn() {
        Lease lease =
                group(new Branches(2, Branches.Compared.SEED), new AllButLast()).toLease(1, 0, List.of());

        // 2 main paths, 3 steps, 2 branches.
        assertThat(lease.getMembersList()).hasSize(12);
        assertThat(lease.getStochasticStepsList()).isEmpty();
        assertThat(lease.getMembersList())
                .extracting(MemberSpec::getStochasticStepsList)
                .startsWith(List.of(0), List.of(0), List.of(1), List.of(1), List.of(2), List.of(2), List.of(0));
        assertThat(lease.getMembersList().stream()
                        .map(MemberSpec::getInitialNoiseSeed)
                        .distinct())
                .hasSize(2);
        assertThat(lease.getMembersList().stream()
                        .map(MemberSpec::getTransitionNoiseSeed)
                        .distinct())
                .hasSize(12);
    }

    @Test
    void stepsThatAllMembersShareAreTheLeasesAndTrainedOnesAreNamedWhereTheyAreFewer() {
        Lease chains =
                group(new Chains(Chains.InitialNoise.OWN), new AllButLast()).toLease(1, 0, List.of());
        Lease fraction = group(new Chains(Chains.InitialNoise.SHARED), new TimestepFraction(.4))
                .toLease(1, 0, List.of());

        assertThat(chains.getStochasticStepsList()).containsExactly(0, 1, 2);
        assertThat(chains.getTrainedStepsList()).isEmpty();
        assertThat(chains.getMembersList()).allSatisfy(member -> assertThat(member.getStochasticStepsList())
                .isEmpty());
        assertThat(fraction.getStochasticStepsList()).containsExactly(0, 1, 2);
        assertThat(fraction.getTrainedStepsList()).hasSize(1);
        assertThat(fraction.getMembersList().stream()
                        .map(MemberSpec::getInitialNoiseSeed)
                        .distinct())
                .hasSize(1);
    }
}
