package dev.flowguard.learner.coordination;

import dev.flowguard.grpo.GroupLayout;
import dev.flowguard.learner.prompts.Prompt;
import dev.flowguard.learner.prompts.Prompts;
import dev.flowguard.proto.v1.Purpose;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

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
    private final PromptOrder order;

    /**
     * What the plan depends on.
     *
     * @param seed the run's seed
     * @param groupsPerIteration training groups of an iteration
     * @param trainPrompts prompts to train on
     * @param heldOutPrompts prompts to evaluate on
     * @param evaluationSeed seed of the evaluations
     * @param evaluationBatch most members of one evaluation group
     * @param keptImages how many of the held-out prompts have their images kept, from the first on
     * @param imagesPerPrompt images of each held-out prompt; with more than one, all images come back to be compared
     * @param layouts the paths of a training group's members
     */
    public record Settings(
            long seed,
            int groupsPerIteration,
            Prompts trainPrompts,
            Prompts heldOutPrompts,
            long evaluationSeed,
            int evaluationBatch,
            int keptImages,
            int imagesPerPrompt,
            Layouts layouts) {}

    /** How the members of a training group move: a function of the group alone, the same on every worker. */
    public interface Layouts {
        /** The layout of the group with this index in this iteration. */
        GroupLayout of(int iteration, int indexInIteration);
    }

    public GroupPlan(Settings settings) {
        this.settings = settings;
        this.order = new PromptOrder(settings.seed(), settings.trainPrompts().size());
    }

    int groupsPerIteration() {
        return settings.groupsPerIteration();
    }

    /** Training group number {@code ordinal}, from 0; the ordinal is also its id. */
    public GroupSpec training(long ordinal) {
        int iteration = Math.toIntExact(ordinal / settings.groupsPerIteration());
        int index = (int) (ordinal % settings.groupsPerIteration());
        Prompt prompt = settings.trainPrompts().get(order.at(ordinal));
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

    /**
     * Every prompt that a run of so many iterations draws, each once and read when it is asked for: of a set that is larger
     * than the run, no more than that.
     */
    public Stream<String> prompts(int iterations) {
        long drawn = Math.min(settings.trainPrompts().size(), (long) iterations * settings.groupsPerIteration());
        return Stream.concat(
                        LongStream.range(0, drawn)
                                .mapToObj(ordinal -> settings.trainPrompts().get(order.at(ordinal))),
                        IntStream.range(0, settings.heldOutPrompts().size()).mapToObj(settings.heldOutPrompts()::get))
                .map(Prompt::text);
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
