package dev.flowguard.models;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.util.function.Supplier;

/** Random parameters: each depends on the seed and its own name, and on nothing else. */
final class SeededParameters implements ParameterSource {

    private final Device device;
    private final long seed;

    SeededParameters(Device device, long seed) {
        this.device = device;
        this.seed = seed;
    }

    @Override
    public DType dtype() {
        return DType.FLOAT32;
    }

    @Override
    public Tensor take(String name, DType dtype, Initializer initializer, long... shape) {
        long count = 1;
        for (long dim : shape) {
            count = Math.multiplyExact(count, dim);
        }
        return of(initializer.draw(seed, name, Math.toIntExact(count)), dtype, shape);
    }

    @Override
    public Tensor takeBuffer(String name, DType dtype, Supplier<float[]> initial, long... shape) {
        return of(initial.get(), dtype, shape);
    }

    private Tensor of(float[] values, DType dtype, long... shape) {
        Tensor drawn = Tensor.of(device, values, shape);
        return dtype == DType.FLOAT32 ? drawn : drawn.to(dtype);
    }
}
