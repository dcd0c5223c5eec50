package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What the prompts of a batch become before they meet the transformer.
 *
 * <p>Identical context tokens stay identical through every block, because context tokens carry no positions; n copies of a
 * token are then one token whose attention logits are larger by ln n. Stable Diffusion 3 without T5 appends 256 such
 * copies, so the last token of {@code context} may stand for many, and costs as much as one.
 *
 * @param context token embeddings [B, L, D], FLOAT32
 * @param pooled pooled text embeddings [B, P], FLOAT32
 * @param lastTokenCopies how many identical tokens the last one of {@code context} stands for; 1 if just for itself
 * @param guidanceScale what a transformer with a guidance embedding is given, FLUX.1-dev for instance; null for the others
 */
public record Conditioning(
        Tensor context,
        Tensor pooled,
        int lastTokenCopies,
        @Nullable Double guidanceScale) {

    public Conditioning {
        if (context.rank() != 3 || pooled.rank() != 2 || context.size(0) != pooled.size(0)) {
            throw new IllegalArgumentException("context must be [B, L, D] and pooled [B, P] with one B");
        }
        if (lastTokenCopies < 1) {
            throw new IllegalArgumentException("lastTokenCopies must be at least 1: " + lastTokenCopies);
        }
    }

    /** Conditioning in which every token stands for itself, for a transformer without guidance embedding. */
    public Conditioning(Tensor context, Tensor pooled) {
        this(context, pooled, 1);
    }

    /** Conditioning for a transformer without guidance embedding. */
    public Conditioning(Tensor context, Tensor pooled, int lastTokenCopies) {
        this(context, pooled, lastTokenCopies, null);
    }

    /** The same text with another guidance scale, or null for none. */
    public Conditioning withGuidanceScale(@Nullable Double scale) {
        return new Conditioning(context, pooled, lastTokenCopies, scale);
    }

    /** Moves both tensors one {@linkplain dev.flowguard.tensor.Scope scope} out. */
    public Conditioning keep() {
        context.keep();
        pooled.keep();
        return this;
    }

    /** Rows [from, to) of the batch, as views. */
    public Conditioning slice(long from, long to) {
        return new Conditioning(context.slice(0, from, to), pooled.slice(0, from, to), lastTokenCopies, guidanceScale);
    }
}
