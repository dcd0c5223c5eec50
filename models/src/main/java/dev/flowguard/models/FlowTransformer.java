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

    /** What training may change, by name, without adapters. */
    Map<String, Tensor> parameters();

    /**
     * Adds a freshly initialised low-rank adapter, enabled and trainable; while it is attached the transformer's own
     * parameters stay as they are. Call it outside of any scope.
     *
     * @param seed what the A matrices are drawn from; B starts at zero, so the adapter changes nothing yet
     * @throws dev.flowguard.tensor.InputException if a target names no linear layer
     * @throws IllegalStateException if an adapter is attached already
     */
    LoraAdapter attachAdapter(LoraConfig config, long seed);
}
