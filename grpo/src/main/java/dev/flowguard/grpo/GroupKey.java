package dev.flowguard.grpo;

/**
 * Which group of which run: all that a draw shared by the group may depend on, so that every member, worker and restart
 * draws the same.
 *
 * @param runSeed seed of the run
 * @param iteration of the run, from 0
 * @param group id of the group within the run
 */
public record GroupKey(long runSeed, long iteration, long group) {

    /** A sequence of draws that belongs to this group alone. */
    PlanDraws draws() {
        return new PlanDraws(runSeed, iteration, group);
    }
}
