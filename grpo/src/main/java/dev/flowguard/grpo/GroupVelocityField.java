package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;
import java.util.List;

/**
 * A policy over a group whose members share parts of their paths, so that the rows of a batch differ from call to call. Where
 * they never do, a {@link VelocityField} is enough.
 */
@FunctionalInterface
public interface GroupVelocityField {

    /**
     * The velocity v = dx/dt.
     *
     * @param latents x, {@code [R, C, H, W]}
     * @param sigma noise level t in (0, 1], the same for the whole batch
     * @param origins the origin of each row, which says what prompt it follows
     * @return v of the shape of the latents, in the current scope
     */
    Tensor velocity(Tensor latents, double sigma, List<Integer> origins);
}
