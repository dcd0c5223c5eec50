package dev.flowguard.models;

import java.awt.Rectangle;
import java.util.Arrays;

/**
 * {@code PIL.Image.resize}: along the rows first, then along the columns, with 8-bit samples in between. Every sample is
 * Pillow's to the bit, up to version 12.1; later ones take the columns of tall images first, which moves single samples by a
 * level. Image processors of transformers and transforms of torchvision on Pillow images all end here.
 *
 * <p>Thread-safe. Time and memory follow the part that is wanted and the source, not {@code width} times {@code height}: to
 * shrink the short side of a 1 x 2000 image to 224 and crop the middle never makes 224 x 448,000 pixels.
 *
 * @param width of the result, 1 or more
 * @param height of the result, 1 or more
 */
public record PilResize(int width, int height, PilFilter filter) {

    private static final int CHANNELS = 3;
    private static final int HALF = 1 << (PilTaps.PRECISION_BITS - 1);

    public PilResize {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("an image has at least one pixel, not %d x %d".formatted(width, height));
        }
    }

    /** The whole resized image. */
    public RgbImage apply(RgbImage image) {
        return apply(image, new Rectangle(width, height));
    }

    /**
     * A part of the resized image, as if it had been cropped from it.
     *
     * @param part within {@code width} and {@code height}
     */
    public RgbImage apply(RgbImage image, Rectangle part) {
        Axes axes = axes(image, part);
        int[][] across = fixed(axes.columns);
        byte[] rows = new byte[Math.multiplyExact(axes.sourceRows() * CHANNELS, part.width)];
        for (int y = 0; y < axes.sourceRows(); y++) {
            int row = (axes.top() + y) * image.width();
            for (int x = 0; x < part.width; x++) {
                int from = (row + axes.columns[x].first()) * CHANNELS;
                weigh(image.samples(), from, CHANNELS, across[x], rows, (y * part.width + x) * CHANNELS);
            }
        }
        int[][] down = fixed(axes.rows);
        byte[] samples = new byte[Math.multiplyExact(part.height * CHANNELS, part.width)];
        int stride = part.width * CHANNELS;
        for (int y = 0; y < part.height; y++) {
            int from = (axes.rows[y].first() - axes.top()) * stride;
            for (int x = 0; x < part.width; x++) {
                weigh(rows, from + x * CHANNELS, stride, down[y], samples, y * stride + x * CHANNELS);
            }
        }
        return new RgbImage(part.width, part.height, samples);
    }

    /**
     * What torchvision's {@code resize} with {@code antialias=True} makes of the image as a float tensor: the same weights without
     * rounding, so that values may leave [0, 1].
     *
     * @return [3, height, width] in units of full brightness, row by row
     */
    public float[] applyUnrounded(RgbImage image) {
        return applyUnrounded(image, new Rectangle(width, height));
    }

    /**
     * A part of that, as if it had been cropped from it.
     *
     * @param part within {@code width} and {@code height}
     * @return [3, part.height, part.width]
     */
    public float[] applyUnrounded(RgbImage image, Rectangle part) {
        Axes axes = axes(image, part);
        int plane = Math.multiplyExact(part.width, part.height);
        float[] values = new float[Math.multiplyExact(plane, CHANNELS)];
        double[] column = new double[axes.sourceRows()];
        for (int channel = 0; channel < CHANNELS; channel++) {
            for (int x = 0; x < part.width; x++) {
                for (int y = 0; y < column.length; y++) {
                    column[y] = weighUnrounded(image, channel, axes.top() + y, axes.columns[x]);
                }
                for (int y = 0; y < part.height; y++) {
                    double sum = 0;
                    double[] weights = axes.rows[y].weights();
                    for (int i = 0; i < weights.length; i++) {
                        sum += weights[i] * column[axes.rows[y].first() - axes.top() + i];
                    }
                    values[channel * plane + y * part.width + x] = (float) sum;
                }
            }
        }
        return values;
    }

    /** The weights of every column and every row of the part. */
    private static final class Axes {
        private final PilTaps[] columns;
        private final PilTaps[] rows;

        Axes(PilTaps[] columns, PilTaps[] rows) {
            this.columns = columns;
            this.rows = rows;
        }

        /** The first row of the source that takes part. */
        int top() {
            return rows[0].first();
        }

        int sourceRows() {
            return Arrays.stream(rows).mapToInt(PilTaps::end).max().orElseThrow() - top();
        }
    }

    private Axes axes(RgbImage image, Rectangle part) {
        if (part.isEmpty() || !new Rectangle(width, height).contains(part)) {
            throw new IllegalArgumentException(part + " is no part of " + width + " x " + height + " pixels");
        }
        return new Axes(
                PilTaps.of(image.width(), width, part.x, part.width, filter),
                PilTaps.of(image.height(), height, part.y, part.height, filter));
    }

    private static int[][] fixed(PilTaps[] taps) {
        return Arrays.stream(taps).map(PilTaps::fixed).toArray(int[][]::new);
    }

    /** One pixel, from pixels that lie {@code stride} samples apart. */
    private static void weigh(byte[] source, int from, int stride, int[] weights, byte[] target, int at) {
        int red = HALF;
        int green = HALF;
        int blue = HALF;
        for (int i = 0, sample = from; i < weights.length; i++, sample += stride) {
            red += (source[sample] & 0xff) * weights[i];
            green += (source[sample + 1] & 0xff) * weights[i];
            blue += (source[sample + 2] & 0xff) * weights[i];
        }
        target[at] = clip(red);
        target[at + 1] = clip(green);
        target[at + 2] = clip(blue);
    }

    private static byte clip(int sum) {
        return (byte) Math.max(0, Math.min(255, sum >> PilTaps.PRECISION_BITS));
    }

    private static double weighUnrounded(RgbImage image, int channel, int row, PilTaps taps) {
        double sum = 0;
        int from = (row * image.width() + taps.first()) * CHANNELS + channel;
        for (int i = 0; i < taps.weights().length; i++) {
            sum += (image.samples()[from + i * CHANNELS] & 0xff) * taps.weights()[i];
        }
        return sum / 255;
    }
}
