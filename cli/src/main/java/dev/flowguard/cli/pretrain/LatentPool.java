package dev.flowguard.cli.pretrain;

import dev.flowguard.models.AutoencoderKl;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Signs that were encoded once, for the flow to be trained on many times; 32 MiB of floats. */
final class LatentPool {

    static final int SIGNS = 16_384;
    private static final int BATCH = 128;
    private static final int FIRST_BATCH = 1 << 20;

    private final List<String> words = new ArrayList<>();
    private final float[] latents;
    private final int perSign;
    private final long[] shape;

    /** Encodes the pool, without the autoencoder's own scale. */
    LatentPool(Compute compute, AutoencoderKl autoencoder, Signs signs, Progress progress) {
        long[] one = compute.inference(() -> autoencoder
                .encode(signs.batch(FIRST_BATCH, 1).images(compute.device()))
                .mean()
                .shape());
        shape = new long[] {one[1], one[2], one[3]};
        perSign = Math.toIntExact(one[1] * one[2] * one[3]);
        latents = new float[SIGNS * perSign];
        for (int i = 0; i < SIGNS / BATCH; i++) {
            Signs.Batch batch = signs.batch(FIRST_BATCH + i, BATCH);
            float[] encoded = compute.inference(() ->
                    autoencoder.encode(batch.images(compute.device())).mean().toFloats());
            System.arraycopy(encoded, 0, latents, i * encoded.length, encoded.length);
            words.addAll(batch.words());
            progress.encoded((i + 1) * BATCH, SIGNS);
        }
    }

    /** What makes these latents a flow's. */
    LatentScale scale() {
        return LatentScale.of(latents);
    }

    String word(int index) {
        return words.get(index);
    }

    /** Raw latents [B, C, h, w] of the signs. */
    Tensor latents(Compute compute, int[] indices) {
        float[] batch = new float[indices.length * perSign];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(latents, indices[i] * perSign, batch, i * perSign, perSign);
        }
        return Tensor.of(compute.device(), batch, indices.length, shape[0], shape[1], shape[2]);
    }
}
