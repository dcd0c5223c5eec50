package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Rotary position embedding (Su et al. 2021) over several axes, equal to diffusers' {@code FluxPosEmbed} and
 * {@code apply_rotary_emb}: elements 2k and 2k + 1 of a head are a point of the plane that is turned by position times
 * frequency. Position 0 on every axis turns nothing.
 */
final class RotaryPositions {

    private static final double THETA = 10000;

    private final Tensor cos;
    private final Tensor sin;

    private RotaryPositions(Tensor cos, Tensor sin) {
        this.cos = cos;
        this.sin = sin;
    }

    /** Positions whose angles are computed already: {@link #tensors} of others. */
    static RotaryPositions ofTables(Tensor cos, Tensor sin) {
        return new RotaryPositions(cos, sin);
    }

    /** The tables of cosines and sines. */
    List<Tensor> tensors() {
        return List.of(cos, sin);
    }

    /**
     * The angles of a sequence, in the current scope.
     *
     * @param ids [S, axes], FLOAT32: the position of every token on every axis
     * @param axesDims how many elements of a head each axis turns; even, their sum is the width of a head
     */
    static RotaryPositions of(Tensor ids, List<Integer> axesDims) {
        try (Scope scope = Scope.open()) {
            // In FLOAT64, as in diffusers: at position 1000 an error of FLOAT32 in a frequency would be one of 6e-5
            // here.
            Tensor positions = ids.to(DType.FLOAT64);
            List<Tensor> angles = new ArrayList<>();
            for (int axis = 0; axis < axesDims.size(); axis++) {
                angles.add(positions.slice(1, axis, axis + 1).mul(frequencies(ids.device(), axesDims.get(axis))));
            }
            Tensor all = Ops.concat(angles, 1);
            return new RotaryPositions(twice(all.cos()).keep(), twice(all.sin()).keep());
        }
    }

    /** [B, heads, S, d] -> the same, turned; computed in FLOAT32 */
    Tensor turn(Tensor x) {
        try (Scope scope = Scope.open()) {
            Tensor wide = x.to(DType.FLOAT32);
            long[] shape = wide.shape();
            List<Tensor> parts =
                    wide.reshape(shape[0], shape[1], shape[2], shape[3] / 2, 2).chunk(2, -1);
            Tensor across =
                    Ops.concat(List.of(parts.get(1).neg(), parts.get(0)), -1).reshape(shape);
            return wide.mul(cos).add(across.mul(sin)).to(x.dtype()).keep();
        }
    }

    /** theta^(-2k / dim), [1, dim / 2] */
    private static Tensor frequencies(Device device, int dim) {
        double[] frequencies = new double[dim / 2];
        for (int k = 0; k < frequencies.length; k++) {
            frequencies[k] = 1 / Math.pow(THETA, 2.0 * k / dim);
        }
        return Tensor.ofDoubles(device, frequencies, 1, frequencies.length);
    }

    /** [S, d / 2] -> [S, d], FLOAT32: every value twice in a row */
    private static Tensor twice(Tensor x) {
        Tensor narrow = x.to(DType.FLOAT32);
        return Ops.stack(List.of(narrow, narrow), 2).reshape(x.size(0), 2 * x.size(1));
    }
}
