package dev.flowguard.models;

import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A convolutional network applied to overlapping tiles, whose results are blended where they overlap: the memory it takes is
 * that of one tile. Equal to what diffusers' {@code AutoencoderKL.enable_tiling} does.
 *
 * @param in side of a tile that goes in
 * @param out side of what comes out of it
 */
record Tiling(int in, int out) {

    /** A quarter of a tile is shared with the next: diffusers' {@code tile_overlap_factor} of 0.25. */
    private static final int OVERLAP = 4;

    // INVARIANT: tiles advance by as much in the result as in the source, or the result would have another size.
    Tiling {
        if (!fits(in) || !fits(out)) {
            throw new IllegalArgumentException("tiles of " + in + " and " + out + " have no whole quarter");
        }
    }

    /** Whether a tile can have this side. */
    static boolean fits(int side) {
        return side > 0 && side % OVERLAP == 0;
    }

    /** Whether [B, C, H, W] is more than one tile. */
    boolean divides(Tensor x) {
        return x.size(2) > in || x.size(3) > in;
    }

    /**
     * [B, C, H, W] -> the network's result for it
     *
     * @param network for tiles of at most {@code in} x {@code in}; its result is in the current scope
     */
    Tensor forward(Tensor x, UnaryOperator<Tensor> network) {
        try (Scope scope = Scope.open()) {
            List<Tensor> rows = new ArrayList<>();
            List<Tensor> above = List.of();
            for (long top = 0; top < x.size(2); top += advance(in)) {
                List<Tensor> row = new ArrayList<>();
                for (long left = 0; left < x.size(3); left += advance(in)) {
                    row.add(tile(x, top, left, network, above, row));
                }
                rows.add(Ops.concat(row.stream().map(this::own).toList(), 3));
                above = row;
            }
            return Ops.concat(rows, 2).keep();
        }
    }

    /** One tile, blended with the ones above and to the left of it, which are so themselves. */
    private Tensor tile(
            Tensor x, long top, long left, UnaryOperator<Tensor> network, List<Tensor> above, List<Tensor> row) {
        try (Scope scope = Scope.open()) {
            Tensor result = network.apply(cut(cut(x, 2, top), 3, left));
            if (!above.isEmpty()) {
                result = blend(above.get(row.size()), result, 2);
            }
            if (!row.isEmpty()) {
                result = blend(row.get(row.size() - 1), result, 3);
            }
            return result.keep();
        }
    }

    private Tensor cut(Tensor x, int dim, long from) {
        return x.slice(dim, from, Math.min(x.size(dim), from + in));
    }

    /** What no later tile covers. */
    private Tensor own(Tensor tile) {
        return tile.slice(2, 0, Math.min(tile.size(2), advance(out))).slice(3, 0, Math.min(tile.size(3), advance(out)));
    }

    /** The end of one tile fades into the beginning of the next. */
    private Tensor blend(Tensor before, Tensor after, int dim) {
        long size = after.size(dim);
        int extent = Math.toIntExact(Math.min(out / OVERLAP, Math.min(before.size(dim), size)));
        float[] rising = new float[extent];
        for (int i = 0; i < extent; i++) {
            rising[i] = (float) ((double) i / extent);
        }
        Tensor weight = dim == 2
                ? Tensor.of(after.device(), rising, 1, 1, extent, 1)
                : Tensor.of(after.device(), rising, 1, 1, 1, extent);
        Tensor end = before.slice(dim, before.size(dim) - extent, before.size(dim));
        Tensor beginning = after.slice(dim, 0, extent);
        Tensor faded = end.mul(weight.neg().add(1)).add(beginning.mul(weight));
        return Ops.concat(List.of(faded, after.slice(dim, extent, size)), dim);
    }

    private static int advance(int side) {
        return side - side / OVERLAP;
    }
}
