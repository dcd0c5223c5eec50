package dev.flowguard.models;

import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;

/** Latents to tokens with two-dimensional sine-cosine positions, and tokens back to latents. */
final class PatchEmbedding {

    private final int patch;
    private final int inChannels;
    private final Patching patches;
    private final int outChannels;
    private final int width;
    private final int maxSize;
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor positions;

    PatchEmbedding(NetworkBuilder builder, Sd3TransformerConfig config) {
        patch = config.patchSize();
        inChannels = config.inChannels();
        patches = new Patching(inChannels, patch);
        outChannels = config.outChannels();
        width = config.width();
        maxSize = config.posEmbedMaxSize();
        Initializer initializer = Initializer.torchDefault((long) inChannels * patch * patch);
        weight = builder.parameter("proj.weight", initializer, width, inChannels, patch, patch);
        bias = builder.parameter("proj.bias", initializer, width);
        int baseSize = config.sampleSize() / patch;
        positions =
                builder.buffer("pos_embed", () -> table(maxSize, width, baseSize), 1, (long) maxSize * maxSize, width);
    }

    /** [B, C, H, W] -> [B, (H/p)(W/p), width] */
    Tensor forward(Tensor latents) {
        try (Scope scope = Scope.open()) {
            // A convolution whose stride is its kernel is a linear map of disjoint patches, and faster as such.
            Tensor tokens = patches.split(latents);
            Tensor projection = weight.reshape(width, (long) inChannels * patch * patch);
            return Ops.linear(tokens, projection, bias)
                    .add(crop(latents.size(2) / patch, latents.size(3) / patch))
                    .keep();
        }
    }

    /** [B, (H/p)(W/p), p*p*C] -> [B, C, H, W] */
    Tensor assemble(Tensor tokens, long height, long breadth) {
        return tokens.reshape(-1, height / patch, breadth / patch, patch, patch, outChannels)
                .permute(0, 5, 1, 3, 2, 4)
                .reshape(-1, outChannels, height, breadth);
    }

    /** The middle of the position table: [1, rows*columns, width]. */
    private Tensor crop(long rows, long columns) {
        if (rows > maxSize || columns > maxSize) {
            throw new InputException("an image of " + rows + " x " + columns
                    + " patches is larger than this transformer's position table: at most " + maxSize + " x " + maxSize
                    + " (pos_embed_max_size); ask for a smaller image");
        }
        long top = (maxSize - rows) / 2;
        long left = (maxSize - columns) / 2;
        return positions
                .reshape(maxSize, maxSize, width)
                .slice(0, top, top + rows)
                .slice(1, left, left + columns)
                .reshape(1, rows * columns, width);
    }

    /**
     * diffusers' {@code get_2d_sincos_pos_embed}: per axis sin then cos of position times 10000^(-k/(width/4)); the column
     * comes first. Positions run from 0 to baseSize whatever the size of the table.
     */
    private static float[] table(int size, int width, int baseSize) {
        int frequencies = width / 4;
        float[] table = new float[Math.multiplyExact(Math.multiplyExact(size, size), width)];
        for (int row = 0; row < size; row++) {
            for (int column = 0; column < size; column++) {
                int start = (row * size + column) * width;
                axis(table, start, column / (float) ((double) size / baseSize), frequencies);
                axis(table, start + 2 * frequencies, row / (float) ((double) size / baseSize), frequencies);
            }
        }
        return table;
    }

    private static void axis(float[] table, int start, float position, int frequencies) {
        for (int k = 0; k < frequencies; k++) {
            double angle = position / StrictMath.pow(10000, (double) k / frequencies);
            table[start + k] = (float) StrictMath.sin(angle);
            table[start + frequencies + k] = (float) StrictMath.cos(angle);
        }
    }
}
