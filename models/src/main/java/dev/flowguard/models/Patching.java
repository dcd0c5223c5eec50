package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.util.Arrays;

/**
 * Latents as a sequence of square patches, row by row; within one, channel by channel.
 *
 * @param channels C of the latents
 * @param side p, in latent elements
 */
record Patching(int channels, int side) {

    /** [B, C, H, W] -> [B, (H/p)(W/p), C·p·p] */
    Tensor split(Tensor latents) {
        long height = latents.size(2);
        long width = latents.size(3);
        if (latents.size(1) != channels || height % side != 0 || width % side != 0) {
            throw new IllegalArgumentException("latents must be [B, " + channels + ", H, W] with H and W multiples of "
                    + side + ", not " + Arrays.toString(latents.shape()));
        }
        return latents.reshape(-1, channels, height / side, side, width / side, side)
                .permute(0, 2, 4, 1, 3, 5)
                .reshape(-1, (height / side) * (width / side), (long) channels * side * side);
    }

    /** [B, (H/p)(W/p), C·p·p] -> [B, C, H, W] */
    Tensor join(Tensor tokens, long height, long width) {
        return tokens.reshape(-1, height / side, width / side, channels, side, side)
                .permute(0, 3, 1, 4, 2, 5)
                .reshape(-1, channels, height, width);
    }
}
