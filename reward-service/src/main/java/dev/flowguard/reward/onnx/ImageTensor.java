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
     * <p>The interpolation is OpenCV's {@code INTER_LINEAR} to the bit, which the usual detectors and recognisers were trained with: bilinear
     * between pixel centres, without a filter when it shrinks, in fixed point.
     *
     * @param image of three 8-bit channels
     */
    public static ImageTensor of(BufferedImage image, int width, int height, PixelScale scale) {
        Taps columns = Taps.ofColumns(image.getWidth(), width);
        Taps rows = Taps.ofRows(image.getHeight(), height);
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
                    int above = columns.near[x] * upper[left] + columns.far[x] * upper[right];
                    int below = columns.near[x] * lower[left] + columns.far[x] * lower[right];
                    values[to + x] = (Taps.sample(above, rows.near[y], below, rows.far[y]) - mean) / deviation;
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

    /** A copy of the numbers in row-major order. */
    public float[] toFloats() {
        return values.clone();
    }

    FloatBuffer buffer() {
        return FloatBuffer.wrap(values).asReadOnlyBuffer();
    }

    long[] shape() {
        return new long[] {1, CHANNELS, height, width};
    }

    /** For each place along a side, between which two places of the source it lies, and what share each has, of {@link #ONE}. */
    private static final class Taps {

        /** {@code INTER_RESIZE_COEF_SCALE}: how much a whole sample weighs. */
        private static final int ONE = 1 << 11;

        private final int[] low;
        private final int[] high;
        private final int[] near;
        private final int[] far;

        /** Beyond the outermost rows a sample is made of that row twice, whose shares are rounded each by itself. */
        private Taps(int source, int target) {
            low = new int[target];
            high = new int[target];
            near = new int[target];
            far = new int[target];
            double step = (double) source / target;
            for (int i = 0; i < target; i++) {
                float at = (float) ((i + .5) * step - .5);
                int floor = (int) Math.floor(at);
                float share = at - floor;
                low[i] = Math.max(0, Math.min(source - 1, floor));
                high[i] = Math.max(0, Math.min(source - 1, floor + 1));
                near[i] = (int) Math.rint((1 - share) * ONE);
                far[i] = (int) Math.rint(share * ONE);
            }
        }

        static Taps ofRows(int source, int target) {
            return new Taps(source, target);
        }

        /** Beyond the outermost columns a sample is that column's alone. */
        static Taps ofColumns(int source, int target) {
            Taps taps = new Taps(source, target);
            for (int i = 0; i < target; i++) {
                if (taps.low[i] == taps.high[i]) {
                    taps.near[i] = ONE;
                    taps.far[i] = 0;
                }
            }
            return taps;
        }

        /** A sample between two of one column that are {@link #ONE} times as large. */
        static int sample(int above, int near, int below, int far) {
            int upper = ((above >> 4) * near) >> 16;
            int lower = ((below >> 4) * far) >> 16;
            return (upper + lower + 2) >> 2;
        }
    }
}
