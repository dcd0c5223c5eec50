package dev.flowguard.grpo;

/**
 * One row of a micro-batch: whose it is and what it is worth.
 *
 * @param groupId id of the group
 * @param member index within the group
 * @param advantage A, finite
 */
public record TrainedMember(long groupId, int member, double advantage) {

    public TrainedMember {
        if (!Double.isFinite(advantage)) {
            throw new IllegalArgumentException(
                    "group " + groupId + ", member " + member + ": advantage is " + advantage);
        }
    }
}
