package dev.flowguard.reward.onnx;

import java.util.List;

/**
 * How samples from 0 to 255 become a network's numbers: (sample − mean) / deviation, channel by channel.
 *
 * @param mean of the three channels, in the order of {@code order}
 * @param deviation of the three channels, none zero
 * @param order of the channels
 */
public record PixelScale(List<Float> mean, List<Float> deviation, ChannelOrder order) {

    private static final int CHANNELS = 3;

    public PixelScale {
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        if (mean.size() != CHANNELS || deviation.size() != CHANNELS) {
            throw new IllegalArgumentException("needs three means and three deviations, one a channel");
        }
        if (deviation.contains(0f)) {
            throw new IllegalArgumentException("a deviation must not be 0");
        }
    }
}
