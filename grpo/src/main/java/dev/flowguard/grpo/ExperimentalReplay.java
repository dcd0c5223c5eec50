package dev.flowguard.grpo;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * <b>Experimental.</b> Learning once more from groups of earlier iterations, after the idea of OP-GRPO (arXiv:2604.04142), of
 * which only the abstract was at hand: the formulas are ours, the results unknown, and all of it may change.
 *
 * <ol>
 *   <li>{@link #select}: of the groups that are not too old, those of the highest reward.
 *   <li>{@link #keptSteps}: their last steps are dropped, because ratios of low-noise steps spread too far.
 *   <li>{@link #importanceWeights}: what the policy's move since then says about each member's whole trajectory, bounded.
 *   <li>{@link #reanchored}: the step ratio starts at 1 again, from the policy that begins the iteration; what lies between is
 *       the importance weight's, multiplied to the advantage.
 * </ol>
 *
 * @param groups how many groups are replayed an iteration, at least 1
 * @param maxAge oldest group, in iterations, at least 1
 * @param lateShare share of the schedule, at its end, that is dropped, in [0, 1)
 * @param weightLimit bound on the absolute logarithm of an importance weight, at least 0
 */
public record ExperimentalReplay(int groups, long maxAge, double lateShare, double weightLimit) {

    /**
     * A group that could be replayed.
     *
     * @param groupId of the group
     * @param iteration that it was sampled in
     * @param advantages as they were estimated then
     */
    public record Candidate(long groupId, long iteration, GroupAdvantages advantages) {}

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

    /** The groups to replay in an iteration: not tied, of an earlier one, the highest mean reward first, then the newest. */
    public List<Candidate> select(List<Candidate> candidates, long iteration) {
        return candidates.stream()
                .filter(candidate -> !candidate.advantages().tied())
                .filter(candidate -> {
                    long age = iteration - candidate.iteration();
                    return age >= 1 && age <= maxAge;
                })
                .sorted(Comparator.comparingDouble(
                                (Candidate candidate) -> -candidate.advantages().mean())
                        .thenComparing(Candidate::iteration, Comparator.reverseOrder())
                        .thenComparing(Candidate::groupId))
                .limit(groups)
                .toList();
    }

    /**
     * The steps that are trained again.
     *
     * @param trained steps of the group
     * @param steps T of the schedule
     */
    public List<Integer> keptSteps(List<Integer> trained, int steps) {
        return trained.stream().filter(step -> step < steps * (1 - lateShare)).toList();
    }

    /**
     * One importance weight a member, {@code exp(clamp(sum over steps of log r))}, log r being the density ratio of the policy
     * that begins the iteration over the one that sampled.
     *
     * @param atAnchor what an objective sees at the kept steps with the weights that begin the iteration
     */
    public List<Double> importanceWeights(List<StepDiagnostics> atAnchor) {
        if (atAnchor.isEmpty()) {
            return List.of();
        }
        List<Integer> members = members(atAnchor.get(0));
        double[] sums = new double[members.size()];
        for (StepDiagnostics step : atAnchor) {
            if (!members(step).equals(members)) {
                throw new IllegalArgumentException("steps of members " + members + " and of " + members(step));
            }
            for (int b = 0; b < sums.length; b++) {
                sums[b] += step.densityLogRatio().get(b);
            }
        }
        return IntStream.range(0, sums.length)
                .mapToObj(b -> Math.exp(Math.max(-weightLimit, Math.min(weightLimit, sums[b]))))
                .toList();
    }

    private static List<Integer> members(StepDiagnostics step) {
        return step.members().stream().map(TrainedMember::member).toList();
    }

    /**
     * A step whose ratio is measured from the policy that begins the iteration.
     *
     * @param sampled the step as it was sampled
     * @param anchorMean mean of the step under the policy that begins the iteration, without a graph
     * @param importanceWeights one a member
     */
    public StepBatch reanchored(StepBatch sampled, Tensor anchorMean, List<Double> importanceWeights) {
        List<TrainedMember> members = new ArrayList<>();
        for (int b = 0; b < sampled.members().size(); b++) {
            TrainedMember member = sampled.members().get(b);
            members.add(new TrainedMember(
                    member.groupId(), member.member(), member.advantage() * importanceWeights.get(b)));
        }
        return new StepBatch(sampled.transition(), sampled.weight(), members, sampled.next(), anchorMean);
    }
}
