package dev.flowguard.rollout;

import dev.flowguard.proto.v1.Lease;
import dev.flowguard.proto.v1.PolicyAnnouncement;
import dev.flowguard.proto.v1.RunSettings;
import dev.flowguard.proto.v1.TensorDigest;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Draws groups with the run's model. The seam between the service and the tensors behind it.
 *
 * <p>Confined to the worker's engine thread, from {@link Loader#load} to {@link #close}.
 */
interface GroupSampler extends AutoCloseable {

    /**
     * Puts a policy into the model: wholly, or not at all.
     *
     * @param payload a safetensors file whose size and digest are as announced
     * @return the digest of every adapter tensor as read back from the model
     * @throws PolicyRefusedException where the payload is not what was announced or does not fit the model; the policy
     *     before stays in place
     */
    List<TensorDigest> bind(PolicyAnnouncement announcement, ByteBuffer payload);

    /** How many modules of the model carry an adapter. */
    int modules();

    /**
     * Draws a lease's group with the policy that is bound.
     *
     * @param stillWanted called before every velocity, at least once a denoising step; what it throws ends the drawing
     */
    SampledGroup sample(Lease lease, Runnable stillWanted);

    @Override
    void close();

    /** Makes the sampler of a run. */
    @FunctionalInterface
    interface Loader {

        /**
         * Loads the run's pipeline and attaches an untrained adapter.
         *
         * @throws dev.flowguard.tensor.InputException where this worker cannot serve the run: other weights, no such
         *     folder, an unknown kernel
         */
        GroupSampler load(RunSettings settings);
    }
}
