package dev.flowguard.models;

import dev.flowguard.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.Arrays;

/**
 * An image as Pillow has it in mode {@code RGB}: three 8-bit samples a pixel and nothing else. Immutable by agreement: nobody
 * writes into what {@link #samples()} gives.
 */
public final class RgbImage {

    private static final int CHANNELS = 3;

    private final int width;
    private final int height;
    private final byte[] samples;

    /**
     * Takes the samples as they are, without a copy.
     *
     * @param samples [height, width, 3], red first, row by row; the caller gives them up
     */
    public RgbImage(int width, int height, byte[] samples) {
        if (width < 1 || height < 1 || samples.length != (long) width * height * CHANNELS) {
            throw new IllegalArgumentException(
                    "%d samples are no image of %d x %d pixels".formatted(samples.length, width, height));
        }
        this.width = width;
        this.height = height;
        this.samples = samples;
    }

    /**
     * The samples of an image of 8 bits with one channel or three; grey is repeated. Samples are read, not colours: Java's grey
     * colour space is linear and a conversion would change the values.
     */
    public static RgbImage of(BufferedImage image) {
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        if ((bands != 1 && bands != CHANNELS)
                || image.getSampleModel().getSampleSize(0) != Byte.SIZE
                || image.getType() == BufferedImage.TYPE_BYTE_INDEXED) {
            throw new IllegalArgumentException("an image is grey or RGB of 8 bits a sample, not " + image);
        }
        int width = image.getWidth();
        byte[] samples = new byte[Math.multiplyExact(Math.multiplyExact(width, image.getHeight()), CHANNELS)];
        int[] row = new int[width * bands];
        int at = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                for (int channel = 0; channel < CHANNELS; channel++) {
                    samples[at++] = (byte) row[x * bands + Math.min(channel, bands - 1)];
                }
            }
        }
        return new RgbImage(width, image.getHeight(), samples);
    }

    /**
     * The image of a tensor [3, H, W] in [0, 1]: round(255·clamp(x, 0, 1)), halves to even as numpy does.
     *
     * @throws IllegalArgumentException if the tensor is of another shape
     */
    public static RgbImage of(Tensor image) {
        if (image.rank() != CHANNELS || image.size(0) != CHANNELS) {
            throw new IllegalArgumentException("an image is [3, H, W], not " + Arrays.toString(image.shape()));
        }
        int height = Math.toIntExact(image.size(1));
        int width = Math.toIntExact(image.size(2));
        float[] values = image.toFloats();
        int plane = height * width;
        byte[] samples = new byte[CHANNELS * plane];
        for (int i = 0; i < plane; i++) {
            for (int channel = 0; channel < CHANNELS; channel++) {
                samples[CHANNELS * i + channel] = level(values[channel * plane + i]);
            }
        }
        return new RgbImage(width, height, samples);
    }

    private static byte level(float value) {
        return (byte) Math.rint(255 * Math.min(1f, Math.max(0f, value)));
    }

    /** Pixels a row. */
    public int width() {
        return width;
    }

    /** Rows. */
    public int height() {
        return height;
    }

    /** [height, width, 3], red first; not to be written to. */
    public byte[] samples() {
        return samples;
    }
}
