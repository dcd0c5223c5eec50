package dev.flowguard.learner.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.grpo.Preset;
import dev.flowguard.learner.coordination.GroupSpec;
import dev.flowguard.learner.coordination.MemberSeeds;
import dev.flowguard.learner.coordination.ScoredGroup;
import dev.flowguard.learner.coordination.ScoredMember;
import dev.flowguard.learner.prompts.Prompt;
import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RecipeLoader;
import dev.flowguard.learner.recipe.RecipePreset;
import dev.flowguard.proto.v1.Purpose;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a group is cut into micro-batches, and whether blocks are checkpointed, is no business of the gradient. */
class MicroBatchTest {

    private static final int MEMBERS = 6;
    private static final int STEPS = 2;

    private final Compute compute = Compute.on(Device.cpu());
    private final Path folder;
    private Path recipe;

    MicroBatchTest(@TempDir Path folder) {
        this.folder = folder;
        this.recipe = folder;
    }

    @BeforeEach
    void writeRun() throws IOException {
        recipe = TinyRun.write(folder, 1);
    }

    @Test
    void everyMemberIsInOneMicroBatchOfEachStep() {
        List<MicroBatch> batches = group(List.of(3L, 4L, 4L)).microBatches(4);

        assertThat(batches)
                .extracting(MicroBatch::step, MicroBatch::members)
                .containsExactly(
                        tuple(0, List.of(0, 1, 2, 3)),
                        tuple(0, List.of(4, 5)),
                        tuple(2, List.of(0, 1, 2, 3)),
                        tuple(2, List.of(4, 5)));
    }

    @ParameterizedTest
    @CsvSource({"1,false", "2,false", "4,false", "6,true", "4,true"})
    void theGradientIsThatOfTheWholeGroup(int microBatch, boolean checkpointing) throws Exception {
        Map<String, float[]> whole = gradients(MEMBERS);
        if (checkpointing) {
            Files.writeString(
                    recipe, Files.readString(recipe).replace("width: 8}", "width: 8, gradient_checkpointing: true}"));
        }

        Map<String, float[]> parts = gradients(microBatch);

        assertThat(whole).isNotEmpty();
        whole.forEach((name, expected) -> {
            float largest = 0;
            for (float value : expected) {
                largest = Math.max(largest, Math.abs(value));
            }
            assertThat(largest).as(name).isPositive();
            assertThat(parts.get(name)).as(name).containsExactly(expected, within(1e-6f * largest));
        });
    }

    /** The gradients of an update, clipped to a norm that does not depend on how they came about. */
    private Map<String, float[]> gradients(int microBatch) throws NonFiniteException {
        Recipe run = RecipeLoader.load(recipe, Overrides.none());
        Preset preset = RecipePreset.of(run);
        try (Policy policy = PipelinePolicy.load(run);
                PolicyTrainer trainer = new PolicyTrainer(
                        policy, preset, policy.schedule(4), new PolicyTrainer.Length(1, 2), microBatch, compute)) {
            compute.inference(() -> {
                // An adapter that begins at zero has no gradient in A.
                policy.parameters()
                        .forEach((name, tensor) ->
                                tensor.assign(Noise.standardNormal(Device.cpu(), name.hashCode(), 0, tensor.shape())
                                        .mul(.1)));
                return 0;
            });
            // Sampled by an older version: the means below are not those of this policy.
            trainer.update(new OptimizerStep(List.of(group(policy.latentShape())), true), 1, new LearningStatistics());
            return compute.inference(() -> {
                Map<String, float[]> gradients = new LinkedHashMap<>();
                policy.parameters()
                        .forEach((name, tensor) -> gradients.put(
                                name,
                                Objects.requireNonNull(tensor.gradient(), name).toFloats()));
                return gradients;
            });
        }
    }

    /** Latents and means at random: what a policy far from this one might have sampled. */
    private static TrainableGroup group(List<Long> latentShape) {
        int elements = Math.toIntExact(latentShape.stream().reduce(1L, Math::multiplyExact));
        List<MemberSeeds> seeds = IntStream.range(0, MEMBERS)
                .mapToObj(member -> new MemberSeeds(Prompt.of("a sign"), member, member))
                .toList();
        List<ScoredMember> members = IntStream.range(0, MEMBERS)
                .mapToObj(member -> new ScoredMember(
                        seeds.get(member),
                        List.of(
                                new ScoredMember.StoredTransition(0, member, MEMBERS + member, member),
                                new ScoredMember.StoredTransition(
                                        2, MEMBERS + member, 2 * MEMBERS + member, MEMBERS + member)),
                        Map.of(),
                        null))
                .toList();
        BitSet all = new BitSet();
        all.set(0, MEMBERS);
        GroupSpec spec = new GroupSpec(
                1, 0, Purpose.PURPOSE_TRAINING, seeds, GroupLayout.ofChains(MEMBERS, List.of(0, 2)), false);
        return new TrainableGroup(
                new ScoredGroup(
                        spec,
                        0,
                        "worker",
                        latentShape,
                        rows(1, (STEPS + 1) * MEMBERS, elements),
                        rows(2, STEPS * MEMBERS, elements),
                        members,
                        List.of(),
                        new ScoredGroup.Times(0, 0, 0)),
                new MemberAdvantages(List.of(-1.5, -1., -.5, .5, 1., 1.5), all, 1, 0));
    }

    private static List<float[]> rows(long seed, int rows, int elements) {
        return IntStream.range(0, rows)
                .mapToObj(row -> Noise.standardNormal(seed, row, elements))
                .toList();
    }
}
