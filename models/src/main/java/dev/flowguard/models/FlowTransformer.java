package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.util.Map;

/** A transformer that predicts the velocity of a flow from latents, a time and text. */
public interface FlowTransformer {

    /**
     * The velocity v = dx/dt at x and t.
     *
     * @param latents [B, C, H, W], FLOAT32; H and W multiples of the patch size
     * @param timesteps [B], FLOAT32, 1000 times the noise level
     * @param conditioning of the same B
     * @return [B, C, H, W] in the current scope
     */
    Tensor velocity(Tensor latents, Tensor timesteps, Conditioning conditioning);

    /**
     * From now on training keeps only what lies between blocks and computes the blocks once more in backward: some 30 % more
     * time for a fraction of the memory, and the same gradients. Without effect on inference.
     */
    void enableGradientCheckpointing();

    /** What training may change, by name, without adapters. */
    Map<String, Tensor> parameters();

    /** Its low-rank adapters by name. */
    Adapters adapters();

    /**
     * Attaches a freshly initialised adapter under the name that PEFT gives the only one, {@code default}, as
     * {@link Adapters#attach(String, LoraConfig, long)} does.
     */
    default LoraAdapter attachAdapter(LoraConfig config, long seed) {
        return adapters().attach("default", config, seed);
    }
}
