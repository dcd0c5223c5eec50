package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/**
 * How far the policy may move at one step before a member stops pushing it further.
 *
 * <p>An extension point. Implementations are immutable and look at every member by itself.
 */
public interface TrustRegion {

    /** Where a member's ratio lies. */
    enum Side {
        INSIDE,
        ABOVE,
        BELOW;

        /** Whether a member of this advantage would push the ratio further out, and is stopped. */
        boolean stops(double advantage) {
            return (this == ABOVE && advantage > 0) || (this == BELOW && advantage < 0);
        }
    }

    /**
     * What the policy gains from each member, before the step's weight: {@code [B]}, fp64, with the graph of the ratio.
     *
     * @param change the policy's move and the members' advantages
     * @param logRatio log r, {@code [B]} in fp64
     * @param scale what bounds on log r are multiplied by at the batch's number of latent elements
     */
    Tensor surrogate(PolicyChange change, Tensor logRatio, double scale);

    /**
     * Where a member lies.
     *
     * @param divergence KL(policy || old) an element, {@link PolicyChange#divergence}
     */
    Side side(double logRatio, double divergence, double scale);
}
