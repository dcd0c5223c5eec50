package dev.flowguard.models;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;

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
