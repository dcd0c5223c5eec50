package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * <b>Experimental.</b> Learning once more from groups of earlier iterations, after the idea of OP-GRPO (arXiv:2604.04142), of
 * which only the abstract was at hand: the formulas are ours, the results unknown, and all of it may change.
 *
 * <ol>
 *   <li>{@link #select}: of the groups that are not too old, those of the highest reward.
 *   <li>{@link #kept}: their last steps are dropped, because ratios of low-noise steps spread too far.
 *   <li>{@link #importanceWeights}: what the policy's move since then says about each member's whole trajectory, bounded;
 *       multiplied to the member's advantage.
 *   <li>The step ratio starts at 1 again, from the policy that begins the iteration: its means take the place of those that were
 *       sampled with.
 * </ol>
 *
 * @param groups how many groups are replayed an iteration, at least 1
 * @param maxAge oldest group, in iterations, at least 1
 * @param lateShare share of the schedule, at its end, that is dropped, in [0, 1)
 * @param weightLimit bound on the absolute logarithm of an importance weight, at least 0
 */
public record ExperimentalReplay(int groups, int maxAge, double lateShare, double weightLimit) {

    /**
     * A group that could be replayed; one in which all are worth the same is none.
     *
     * @param groupId of the group
     * @param iteration that it was sampled in
     * @param reward mean of its members' weighted rewards
     */
    public record Candidate(long groupId, long iteration, double reward) {
        private static final Comparator<Candidate> BEST_FIRST = Comparator.comparingDouble(
                        (Candidate candidate) -> -candidate.reward())
                .thenComparing(Candidate::iteration, Comparator.reverseOrder())
                .thenComparing(Candidate::groupId);
    }

    public ExperimentalReplay {
        if (groups < 1
                || maxAge < 1
                || !(lateShare >= 0 && lateShare < 1)
                || !(weightLimit >= 0 && Double.isFinite(weightLimit))) {
            throw new InputException(
                    "replay of " + groups + " groups up to " + maxAge + " iterations old, without the last "
                            + lateShare + " of the steps, weights up to e^" + weightLimit
                            + "; groups and age must be at least 1, the share in [0, 1), the limit at least 0");
        }
    }

    /** The groups to replay in an iteration: of earlier ones, the highest reward first, then the newest. */
    public List<Candidate> select(Collection<Candidate> candidates, long iteration) {
        return candidates.stream()
                .filter(candidate -> candidate.iteration() < iteration && iteration - candidate.iteration() <= maxAge)
                .sorted(Candidate.BEST_FIRST)
                .limit(groups)
                .toList();
    }

    /**
     * The groups that some later iteration may still select. Of each iteration no more than {@link #groups} ever can be, so
     * there are at most {@code groups * maxAge}.
     *
     * @param iteration the last one that is done
     */
    public List<Candidate> worthKeeping(Collection<Candidate> candidates, long iteration) {
        return candidates.stream()
                .filter(candidate -> iteration - candidate.iteration() < maxAge)
                .sorted(Candidate.BEST_FIRST)
                .filter(candidate -> candidates.stream()
                                .filter(other -> other.iteration() == candidate.iteration()
                                        && Candidate.BEST_FIRST.compare(other, candidate) < 0)
                                .count()
                        < groups)
                .toList();
    }

    /**
     * A group's layout with the steps that are trained again.
     *
     * @param layout of the group
     * @param steps T of the schedule
     */
    public GroupLayout kept(GroupLayout layout, int steps) {
        return new GroupLayout(layout.paths().stream()
                .map(path -> new MemberPath(
                        path.origin(),
                        path.stochasticSteps(),
                        path.trainedSteps().stream()
                                .filter(step -> step < steps * (1 - lateShare))
                                .toList(),
                        path.comparison()))
                .toList());
    }

    /**
     * An importance weight for each member that is there, {@code exp(clamp(sum over its steps of log r))}, log r being the
     * density ratio of the policy that begins the iteration over the one that sampled.
     *
     * @param atAnchor what an objective sees at the kept steps of one group with the weights that begin the iteration
     */
    public Map<Integer, Double> importanceWeights(Collection<StepDiagnostics> atAnchor) {
        Map<Integer, Double> weights = new TreeMap<>();
        for (StepDiagnostics step : atAnchor) {
            for (int b = 0; b < step.members().size(); b++) {
                weights.merge(
                        step.members().get(b).member(), step.densityLogRatio().get(b), Double::sum);
            }
        }
        weights.replaceAll((member, sum) -> Math.exp(Math.max(-weightLimit, Math.min(weightLimit, sum))));
        return weights;
    }
}
