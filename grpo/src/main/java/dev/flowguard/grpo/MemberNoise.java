package dev.flowguard.grpo;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Tensor;
import java.util.List;

/**
 * Gaussian noise of a batch in which every member has its own seed, so that a member's noise depends neither on its
 * companions nor on its place among them.
 */
final class MemberNoise {

    private MemberNoise() {}

    /** Noise of shape {@code [seeds, ...memberShape]}; row b is drawn from stream {@code stream} of seed b. */
    static Tensor draw(Device device, List<Long> seeds, long stream, long... memberShape) {
        int count = 1;
        for (long size : memberShape) {
            count = Math.multiplyExact(count, Math.toIntExact(size));
        }
        float[] values = new float[Math.multiplyExact(seeds.size(), count)];
        long[] shape = new long[memberShape.length + 1];
        shape[0] = seeds.size();
        System.arraycopy(memberShape, 0, shape, 1, memberShape.length);
        for (int b = 0; b < seeds.size(); b++) {
            System.arraycopy(Noise.standardNormal(seeds.get(b), stream, count), 0, values, b * count, count);
        }
        return Tensor.of(device, values, shape);
    }
}
