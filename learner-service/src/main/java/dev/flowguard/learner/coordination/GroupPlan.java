package dev.flowguard.learner.coordination;

import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.proto.v1.Purpose;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Which groups a run consists of: a pure function of the run's seed. Training group {@code g = 0, 1, …} belongs to iteration
 * {@code g / groupsPerIteration}. Prompts are drawn without replacement: every epoch is a fresh shuffle of all of them.
 * Evaluation groups hold different prompts each, and the same prompts and seeds in every evaluation.
 */
public final class GroupPlan {
    /** Evaluation groups have ids of their own, far above any training group's. */
    private static final long EVALUATION = 1L << 62;

    private static final int MAX_EVALUATION_GROUPS = 1 << 20;

    private final Settings settings;

    /**
     * What the plan depends on.
     *
     * @param seed the run's seed
     * @param groupsPerIteration training groups of an iteration
     * @param trainPrompts prompts to train on, not empty
     * @param heldOutPrompts prompts to evaluate on, not empty
     * @param evaluationSeed seed of the evaluations
     * @param evaluationBatch most members of one evaluation group
     * @param keptImages how many of the held-out prompts have their images kept, from the first on
     * @param imagesPerPrompt images of each held-out prompt; with more than one, all images come back to be compared
     * @param layouts the paths of a training group's members
     */
    public record Settings(
            long seed,
            int groupsPerIteration,
            List<String> trainPrompts,
            List<String> heldOutPrompts,
            long evaluationSeed,
            int evaluationBatch,
            int keptImages,
            int imagesPerPrompt,
            Layouts layouts) {
        public Settings {
            trainPrompts = List.copyOf(trainPrompts);
            heldOutPrompts = List.copyOf(heldOutPrompts);
        }
    }

    /** How the members of a training group move: a function of the group alone, the same on every worker. */
    public interface Layouts {
        /** The layout of the group with this index in this iteration. */
        GroupLayout of(int iteration, int indexInIteration);
    }

    public GroupPlan(Settings settings) {
        this.settings = settings;
    }

    int groupsPerIteration() {
        return settings.groupsPerIteration();
    }

    /** Training group number {@code ordinal}, from 0; the ordinal is also its id. */
    GroupSpec training(long ordinal) {
        int iteration = Math.toIntExact(ordinal / settings.groupsPerIteration());
        int index = (int) (ordinal % settings.groupsPerIteration());
        String prompt = prompt(ordinal);
        GroupLayout layout = settings.layouts().of(iteration, index);
        List<MemberSeeds> members = IntStream.range(0, layout.members())
                .mapToObj(member -> new MemberSeeds(
                        prompt,
                        Seeds.derive(
                                settings.seed(),
                                Seeds.Stream.INITIAL_NOISE,
                                iteration,
                                index,
                                layout.paths().get(member).origin()),
                        Seeds.derive(settings.seed(), Seeds.Stream.TRANSITION_NOISE, iteration, index, member)))
                .toList();
        return new GroupSpec(ordinal, iteration, Purpose.PURPOSE_TRAINING, members, layout, false);
    }

    private String prompt(long ordinal) {
        int prompts = settings.trainPrompts().size();
        long epoch = ordinal / prompts;
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, prompts).boxed().toList());
        Collections.shuffle(order, new Random(Seeds.derive(settings.seed(), Seeds.Stream.PROMPT_ORDER, epoch)));
        return settings.trainPrompts().get(order.get((int) (ordinal % prompts)));
    }

    /** The groups of the evaluation before {@code iteration}: the images of a held-out prompt lie side by side. */
    List<GroupSpec> evaluation(int iteration) {
        int images = settings.imagesPerPrompt();
        int all = Math.multiplyExact(settings.heldOutPrompts().size(), images);
        List<GroupSpec> groups = new ArrayList<>();
        for (int from = 0; from < all; from += settings.evaluationBatch()) {
            int to = Math.min(all, from + settings.evaluationBatch());
            List<MemberSeeds> members = IntStream.range(from, to)
                    .mapToObj(index -> evaluated(index / images, index % images))
                    .toList();
            groups.add(new GroupSpec(
                    EVALUATION | ((long) iteration * MAX_EVALUATION_GROUPS + groups.size()),
                    iteration,
                    Purpose.PURPOSE_EVALUATION,
                    members,
                    GroupLayout.ofChains(members.size(), List.of()),
                    images > 1 || from < settings.keptImages()));
        }
        return groups;
    }

    /** The first image of a prompt has the seed that it has where there are no others. */
    private MemberSeeds evaluated(int prompt, int image) {
        long seed = image == 0
                ? Seeds.derive(settings.evaluationSeed(), Seeds.Stream.EVALUATION_NOISE, prompt)
                : Seeds.derive(settings.evaluationSeed(), Seeds.Stream.EVALUATION_NOISE, prompt, image);
        return new MemberSeeds(settings.heldOutPrompts().get(prompt), seed, 0);
    }

    static long evaluationIndex(long groupId) {
        return groupId % MAX_EVALUATION_GROUPS;
    }
}
