package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;

/** Random parameters: each depends on the seed and its own name, and on nothing else. */
final class SeededParameters implements ParameterSource {

    private final Device device;
    private final long seed;

    SeededParameters(Device device, long seed) {
        this.device = device;
        this.seed = seed;
    }

    @Override
    public Tensor take(String name, Initializer initializer, long... shape) {
        long count = 1;
        for (long dim : shape) {
            count = Math.multiplyExact(count, dim);
        }
        return Tensor.of(device, initializer.draw(seed, name, Math.toIntExact(count)), shape);
    }

    @Override
    public Tensor takeBuffer(String name, float[] initial, long... shape) {
        return Tensor.of(device, initial, shape);
    }
}
