package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** ImageReward's head: linear layers in a row with nothing but dropout between them, which is off in use. */
final class ImageRewardHead {

    /** The original's numbers; the missing ones are the dropouts'. */
    static final List<Integer> LAYERS = List.of(0, 2, 4, 6, 7);

    private final List<Linear> layers = new ArrayList<>();

    ImageRewardHead(NetworkBuilder builder, int width, List<Integer> sizes) {
        int in = width;
        for (int i = 0; i < LAYERS.size(); i++) {
            int out = i < sizes.size() ? sizes.get(i) : 1;
            layers.add(builder.linear("layers." + LAYERS.get(i), in, out));
            in = out;
        }
    }

    /** [B, width] -> [B, 1] */
    Tensor forward(Tensor x) {
        Tensor result = x;
        for (Linear layer : layers) {
            result = layer.forward(result);
        }
        return result;
    }
}
