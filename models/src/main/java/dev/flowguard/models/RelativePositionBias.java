package dev.flowguard.models;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Ops;
import dev.flowguard.tensor.Tensor;

/**
 * What T5 knows of positions: a learned number for each head and each distance from the query to the key, added to the
 * attention's logits. Small distances have a bucket each, larger ones share buckets of logarithmic width.
 */
final class RelativePositionBias {

    private final Tensor table;
    private final Device device;
    private final int bucketsPerDirection;
    private final int maxDistance;

    RelativePositionBias(NetworkBuilder builder, T5Config config, Device device) {
        this.device = device;
        bucketsPerDirection = config.relativeAttentionNumBuckets() / 2;
        maxDistance = config.relativeAttentionMaxDistance();
        table = builder.parameter(
                "weight",
                new Initializer.Normal(1 / Math.sqrt((double) config.dModel())),
                config.relativeAttentionNumBuckets(),
                config.numHeads());
    }

    /** [1, heads, L, L] */
    Tensor forward(int length) {
        long[] buckets = new long[Math.multiplyExact(length, length)];
        for (int query = 0; query < length; query++) {
            for (int key = 0; key < length; key++) {
                buckets[query * length + key] = bucketOf(key - query);
            }
        }
        return Ops.embedding(Tensor.ofLongs(device, buckets, length, length), table)
                .permute(2, 0, 1)
                .unsqueeze(0);
    }

    /** Keys after the query have the upper half of the buckets. */
    int bucketOf(int distance) {
        int direction = distance > 0 ? bucketsPerDirection : 0;
        int steps = Math.abs(distance);
        int exact = bucketsPerDirection / 2;
        if (steps < exact) {
            return direction + steps;
        }
        // In float where transformers computes in float: a rounding to the other side would be another bucket.
        float octaves = (float) Math.log((float) steps / exact) / (float) Math.log((double) maxDistance / exact);
        int logarithmic = exact + (int) (octaves * (bucketsPerDirection - exact));
        return direction + Math.min(logarithmic, bucketsPerDirection - 1);
    }
}
