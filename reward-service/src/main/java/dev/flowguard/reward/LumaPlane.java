package dev.flowguard.reward;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;

/** The brightness of an image: 8-bit samples [height, width] row by row, 0 is black. Immutable. */
public final class LumaPlane {

    private final int width;
    private final int height;
    private final byte[] samples;

    private LumaPlane(int width, int height, byte[] samples) {
        this.width = width;
        this.height = height;
        this.samples = samples;
    }

    /** Of an image of one channel (taken as it is) or three. Samples are read, not colours: Java's grey colour space is linear. */
    public static LumaPlane of(BufferedImage image) {
        return of(image, 0, 0, image.getWidth(), image.getHeight());
    }

    /** Of a part of an image. */
    public static LumaPlane of(BufferedImage image, int left, int top, int width, int height) {
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        byte[] samples = new byte[Math.multiplyExact(width, height)];
        int[] row = new int[width * bands];
        for (int y = 0; y < height; y++) {
            raster.getPixels(left, top + y, width, 1, row);
            for (int x = 0; x < width; x++) {
                samples[y * width + x] =
                        bands < 3 ? (byte) row[x * bands] : of(row[x * bands], row[x * bands + 1], row[x * bands + 2]);
            }
        }
        return new LumaPlane(width, height, samples);
    }

    /** ITU-R 601-2 luma in 16-bit fixed point, as Pillow's {@code convert("L")} has it. */
    public static byte of(int red, int green, int blue) {
        return (byte) ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
    }

    public int width() {
        return width;
    }

    public int height() {
        return height;
    }

    /** A sample in [0, 255]. */
    public int at(int x, int y) {
        return samples[y * width + x] & 0xff;
    }

    /** A sample of the plane as if its edges went on for ever. */
    public int nearest(int x, int y) {
        return at(Math.max(0, Math.min(width - 1, x)), Math.max(0, Math.min(height - 1, y)));
    }
}
