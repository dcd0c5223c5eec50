package dev.flowguard.reward.onnx;

import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;

/** An image as a network takes it: fp32 [1, 3, height, width]. */
public final class ImageTensor {

    private static final int CHANNELS = 3;

    private final int width;
    private final int height;
    private final float[] values;

    private ImageTensor(int width, int height, float[] values) {
        this.width = width;
        this.height = height;
        this.values = values;
    }

    /**
     * Stretches an image to a size and scales its samples.
     *
     * <p>The interpolation is OpenCV's {@code INTER_LINEAR}, which the usual detectors and recognisers were trained with: bilinear between pixel
     * centres, without a filter when it shrinks, rounded to whole samples (OpenCV's own arithmetic is fixed-point, and may differ by one).
     *
     * @param image of three 8-bit channels
     */
    public static ImageTensor of(BufferedImage image, int width, int height, PixelScale scale) {
        Taps columns = new Taps(image.getWidth(), width);
        Taps rows = new Taps(image.getHeight(), height);
        float[] values = new float[Math.multiplyExact(CHANNELS, Math.multiplyExact(width, height))];
        int stride = image.getWidth() * CHANNELS;
        int[] upper = new int[stride];
        int[] lower = new int[stride];
        for (int y = 0; y < height; y++) {
            image.getRaster().getPixels(0, rows.low[y], image.getWidth(), 1, upper);
            image.getRaster().getPixels(0, rows.high[y], image.getWidth(), 1, lower);
            for (int channel = 0; channel < CHANNELS; channel++) {
                int band = scale.order() == ChannelOrder.RGB ? channel : CHANNELS - 1 - channel;
                float mean = scale.mean().get(channel);
                float deviation = scale.deviation().get(channel);
                int to = (channel * height + y) * width;
                for (int x = 0; x < width; x++) {
                    int left = columns.low[x] * CHANNELS + band;
                    int right = columns.high[x] * CHANNELS + band;
                    float above = between(upper[left], upper[right], columns.weight[x]);
                    float below = between(lower[left], lower[right], columns.weight[x]);
                    values[to + x] = (Math.round(between(above, below, rows.weight[y])) - mean) / deviation;
                }
            }
        }
        return new ImageTensor(width, height, values);
    }

    /** This tensor with zeros right of it, {@code total} columns in all, at least its own. */
    public ImageTensor paddedTo(int total) {
        float[] padded = new float[Math.multiplyExact(CHANNELS * height, total)];
        for (int row = 0; row < CHANNELS * height; row++) {
            System.arraycopy(values, row * width, padded, row * total, width);
        }
        return new ImageTensor(total, height, padded);
    }

    public int width() {
        return width;
    }

    public int height() {
        return height;
    }

    /** A number of the tensor. */
    public float at(int channel, int y, int x) {
        return values[(channel * height + y) * width + x];
    }

    FloatBuffer buffer() {
        return FloatBuffer.wrap(values).asReadOnlyBuffer();
    }

    long[] shape() {
        return new long[] {1, CHANNELS, height, width};
    }

    private static float between(float first, float second, float weight) {
        return first + (second - first) * weight;
    }

    /** For each place along a side, between which two places of the source it lies, and how near to the second. */
    private static final class Taps {

        private final int[] low;
        private final int[] high;
        private final float[] weight;

        private Taps(int source, int target) {
            low = new int[target];
            high = new int[target];
            weight = new float[target];
            double step = (double) source / target;
            for (int i = 0; i < target; i++) {
                double at = Math.max(0, Math.min(source - 1, (i + .5) * step - .5));
                low[i] = (int) at;
                high[i] = Math.min(source - 1, low[i] + 1);
                weight[i] = (float) (at - low[i]);
            }
        }
    }
}
