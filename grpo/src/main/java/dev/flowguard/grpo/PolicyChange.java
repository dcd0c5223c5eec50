package dev.flowguard.grpo;

import dev.flowguard.tensor.Tensor;

/**
 * How far the policy has moved at one step since it sampled: what importance ratios and trust regions are made of. Every
 * result is {@code [B]} in fp64, one a member, in the current scope, with the graph of the policy's mean.
 */
public final class PolicyChange {
    private final StepBatch batch;
    private final GaussianStep old;
    private final GaussianStep policy;

    PolicyChange(StepBatch batch, Tensor policyMean) {
        this.batch = batch;
        this.old = new GaussianStep(batch.oldMean(), batch.transition().s());
        this.policy = new GaussianStep(policyMean, batch.transition().s());
    }

    /** The step's scalars. */
    public Transition transition() {
        return batch.transition();
    }

    /** D, the number of latent elements of one member. */
    public long latentElements() {
        return batch.latentElements();
    }

    /** The advantages A, {@code [B]}. */
    public Tensor advantages() {
        double[] values =
                batch.members().stream().mapToDouble(TrainedMember::advantage).toArray();
        return Tensor.ofDoubles(batch.oldMean().device(), values, values.length);
    }

    /** The advantage of a member. */
    double advantage(int row) {
        return batch.members().get(row).advantage();
    }

    /** {@code log p_policy(x') - log p_old(x')}, averaged over the elements. */
    public Tensor logDensityRatio() {
        return policy.logRatio(old, batch.next());
    }

    /** {@code mean(noise delta)}, RatioNorm's log-ratio. */
    public Tensor normalisedLogRatio() {
        return policy.normalisedLogRatio(old, batch.next());
    }

    /** {@code mean(delta^2) / (2 s^2)}: KL(policy || old) an element. */
    public Tensor divergence() {
        return policy.divergence(old);
    }

    /** The Euclidean norm of {@code x' - mean_old}. */
    Tensor distanceToSampled() {
        return old.distanceTo(batch.next());
    }

    /** The Euclidean norm of {@code x' - mean_policy}. */
    Tensor distanceToPolicy() {
        return policy.distanceTo(batch.next());
    }
}
