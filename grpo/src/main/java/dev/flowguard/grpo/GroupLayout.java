package dev.flowguard.grpo;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The paths of a group's members: a bundle of chains or a tree. Both sides of a run derive it from the same {@link
 * Exploration}.
 *
 * @param paths one a member, in the group's order; origins are 0..n-1 without a gap
 */
public record GroupLayout(List<MemberPath> paths) {

    public GroupLayout {
        paths = List.copyOf(paths);
        TreeSet<Integer> origins =
                paths.stream().map(MemberPath::origin).collect(Collectors.toCollection(TreeSet::new));
        if (!List.copyOf(origins)
                .equals(IntStream.range(0, origins.size()).boxed().toList())) {
            throw new IllegalArgumentException("origins " + origins + " have a gap");
        }
    }

    /** Members that share nothing and are stochastic, and trained, at the same steps; all of them compete. */
    public static GroupLayout ofChains(int members, List<Integer> stochasticSteps) {
        return new GroupLayout(IntStream.range(0, members)
                .mapToObj(member -> new MemberPath(member, stochasticSteps, stochasticSteps, 0))
                .toList());
    }

    public int members() {
        return paths.size();
    }

    /** How many initial latents the group starts from. */
    public int origins() {
        return (int) paths.stream().mapToInt(MemberPath::origin).distinct().count();
    }

    /** All steps that are trained, rising. */
    public List<Integer> trainedSteps() {
        return paths.stream()
                .map(MemberPath::trainedSteps)
                .flatMap(List::stream)
                .distinct()
                .sorted()
                .toList();
    }

    /** The members that are trained at a step, in order. */
    public List<Integer> trainedAt(int step) {
        return members(path -> path.trainedSteps().contains(step));
    }

    /** The members that are stochastic at a step, in order. */
    List<Integer> stochasticAt(int step) {
        return members(path -> path.stochasticSteps().contains(step));
    }

    /** How many (member, step) tuples the group adds to an optimizer step. */
    public long tuples() {
        return paths.stream().mapToLong(path -> path.trainedSteps().size()).sum();
    }

    /** How many latents somebody leaves by a stochastic step; what members share counts once. */
    public int latentsLeftAt(int step) {
        return (int) stochasticAt(step).stream()
                .map(member -> walksAlone(member, step)
                        ? origins() + member
                        : paths.get(member).origin())
                .distinct()
                .count();
    }

    private boolean walksAlone(int member, int step) {
        List<Integer> stochastic = paths.get(member).stochasticSteps();
        return !stochastic.isEmpty() && stochastic.get(0) < step;
    }

    /**
     * How many latents and means a sampled trajectory keeps to be trained on: where each trained step began, the mean there and
     * where it led; what members or consecutive steps share counts once, as {@link TrajectorySampler} keeps it.
     */
    public long keptRows() {
        long rows = 0;
        for (int step : trainedSteps()) {
            boolean beganWhereTheLastLed = trainedAt(step - 1).size() == members()
                    && stochasticAt(step).size() == members();
            int left = latentsLeftAt(step);
            rows += (beganWhereTheLastLed ? 0 : left) + left + trainedAt(step).size();
        }
        return rows;
    }

    /** The sets of members that compete with each other, each in order. */
    public Collection<List<Integer>> comparisons() {
        Map<Integer, List<Integer>> sets = IntStream.range(0, members())
                .boxed()
                .collect(Collectors.groupingBy(
                        member -> paths.get(member).comparison(), LinkedHashMap::new, Collectors.toList()));
        return sets.values();
    }

    private List<Integer> members(Predicate<MemberPath> chosen) {
        return IntStream.range(0, members())
                .filter(member -> chosen.test(paths.get(member)))
                .boxed()
                .toList();
    }
}
