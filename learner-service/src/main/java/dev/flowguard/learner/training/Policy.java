package dev.flowguard.learner.training;

import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.VelocityField;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The policy in training: a frozen network with a trainable adapter. The seam between the loop and the model behind it.
 *
 * <p>Used by one thread at a time, inside {@link dev.flowguard.tensor.Compute}.
 */
interface Policy extends AutoCloseable {

    /** The adapter's tensors by PEFT name, FLOAT32 leaves that require gradients; owned by the policy. */
    Map<String, Tensor> parameters();

    /** Told all prompts of the run before it is conditioned on any, so that it can do without text encoders from then on. */
    void prepare(Stream<String> prompts);

    /** SHA-256 (32 bytes) of the frozen network's weights. */
    byte[] weightsSha256();

    /** The sigma schedule of T steps: the model's, unless the recipe says otherwise. */
    SigmaSchedule schedule(int steps);

    /** How many modules carry the adapter. */
    int modules();

    /** Shape {@code [C, H, W]} of a latent. */
    List<Long> latentShape();

    /**
     * The policy conditioned on a prompt, guidance included, as sampling does it.
     *
     * @param members B of the latents that it will be given
     */
    VelocityField given(String prompt, int members);

    /** Runs work under the reference policy: the same network without the adapter. */
    <T> T asReference(Supplier<T> work);

    @Override
    void close();
}
