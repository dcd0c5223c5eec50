package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import java.util.List;

/**
 * A low-rank adapter (Hu et al. 2021): W x + (alpha / rank)·B A x on the named linear layers.
 *
 * @param rank rows of A and columns of B
 * @param alpha numerator of the scale
 * @param targetModules a layer is adapted if its path is one of these or ends with a dot and one of these, as in PEFT
 * @param initialization how a fresh adapter's A is drawn
 */
public record LoraConfig(int rank, double alpha, List<String> targetModules, LoraInitialization initialization) {

    /** The eight attention projections that Flow-GRPO adapts in Stable Diffusion 3. */
    public static final List<String> SD3_ATTENTION = List.of(
            "attn.to_q",
            "attn.to_k",
            "attn.to_v",
            "attn.to_out.0",
            "attn.add_q_proj",
            "attn.add_k_proj",
            "attn.add_v_proj",
            "attn.to_add_out");

    public LoraConfig {
        targetModules = List.copyOf(targetModules);
        if (rank < 1 || rank > 4096) {
            throw new InputException("LoRA rank must be from 1 to 4096, not " + rank);
        }
        if (!(alpha > 0) || Double.isInfinite(alpha)) {
            throw new InputException("LoRA alpha must be a positive number, not " + alpha);
        }
        if (targetModules.isEmpty()) {
            throw new InputException("LoRA target_modules is empty: name at least one linear layer, such as attn.to_q");
        }
    }

    /** With Gaussian initialisation. */
    public LoraConfig(int rank, double alpha, List<String> targetModules) {
        this(rank, alpha, targetModules, LoraInitialization.GAUSSIAN);
    }

    /** alpha / rank */
    public double scale() {
        return alpha / rank;
    }

    boolean targets(String path) {
        return targetModules.stream().anyMatch(target -> matches(path, target));
    }

    static boolean matches(String path, String target) {
        return path.equals(target) || path.endsWith("." + target);
    }
}
