package dev.flowguard.learner.training;

import dev.flowguard.learner.recipe.Recipe.RewardSwapSettings;
import dev.flowguard.learner.recipe.RewardAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The exchange of one reward's endpoint while the run goes:
 *
 * <pre>
 *   SHADOWING ──enough groups scored by both, within the bounds──▶ CUT_OVER
 *       │
 *       └──the new one fails too often, or differs too much──▶ ABORTED
 * </pre>
 *
 * <p>A value. Evidence is added group by group; {@link #decide} is called when all groups of an iteration are there, so that
 * no group is under way and none mixes endpoints.
 *
 * <p>INVARIANT: until it is cut over the old endpoint counts, and only it; what was decided stays.
 *
 * @param old the endpoint that counts
 * @param next the one that is to take its place
 * @param seen the groups that both have scored whole
 * @param failed groups that the new one has not
 * @param reason why it was aborted; empty otherwise
 */
record RewardSwap(
        RewardAddress old, RewardAddress next, Phase phase, List<RewardDrift.Pairs> seen, int failed, String reason) {

    enum Phase {
        SHADOWING,
        CUT_OVER,
        ABORTED;

        /** As metrics name it. */
        String key() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    RewardSwap {
        seen = List.copyOf(seen);
    }

    static RewardSwap begin(RewardAddress old, RewardAddress next) {
        return new RewardSwap(old, next, Phase.SHADOWING, List.of(), 0, "");
    }

    /** Who counts. */
    RewardAddress inUse() {
        return phase == Phase.CUT_OVER ? next : old;
    }

    boolean shadowing() {
        return phase == Phase.SHADOWING;
    }

    /** A group that both have scored. */
    RewardSwap scored(RewardDrift.Pairs group) {
        if (!shadowing()) {
            return this;
        }
        List<RewardDrift.Pairs> more = new ArrayList<>(seen);
        more.add(group);
        return new RewardSwap(old, next, phase, more, failed, reason);
    }

    /** A group that the old one has scored and the new one has not. */
    RewardSwap missed() {
        return shadowing() ? new RewardSwap(old, next, phase, seen, failed + 1, reason) : this;
    }

    /** What is to be done, by the evidence so far. */
    RewardSwap decide(RewardSwapSettings terms) {
        if (!shadowing()) {
            return this;
        }
        if (failed > terms.maxFailedGroups()) {
            return aborted(
                    "it failed to score " + failed + " groups, more than max_failed_groups " + terms.maxFailedGroups());
        }
        RewardDrift drift = drift();
        if (drift == null || seen.size() < terms.shadowGroups()) {
            return this;
        }
        Double correlation = drift.rankCorrelation();
        if (correlation != null && correlation < terms.minRankCorrelation()) {
            return aborted(String.format(
                    Locale.ROOT,
                    "its rank correlation with the old one is %.3f, less than min_rank_correlation %s",
                    correlation,
                    terms.minRankCorrelation()));
        }
        if (Math.abs(drift.meanShift()) > terms.maxMeanShift() * drift.spread()) {
            return aborted(String.format(
                    Locale.ROOT,
                    "its mean is shifted by %.4g where the old one's standard deviation is %.4g, more than max_mean_shift %s",
                    drift.meanShift(),
                    drift.spread(),
                    terms.maxMeanShift()));
        }
        return new RewardSwap(old, next, Phase.CUT_OVER, seen, failed, "");
    }

    RewardSwap aborted(String why) {
        return new RewardSwap(old, next, Phase.ABORTED, seen, failed, why);
    }

    /** How the two differ; null before the first group. */
    @Nullable
    RewardDrift drift() {
        return seen.isEmpty() ? null : RewardDrift.over(seen);
    }
}
