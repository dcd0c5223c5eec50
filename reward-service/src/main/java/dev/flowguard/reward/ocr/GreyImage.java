package dev.flowguard.reward.ocr;

import dev.flowguard.reward.LumaPlane;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.util.Arrays;

/** An 8-bit grey image, [height, width] row by row, 0 is black. */
final class GreyImage {

    private final BufferedImage pixels;

    private GreyImage(BufferedImage pixels) {
        this.pixels = pixels;
    }

    int width() {
        return pixels.getWidth();
    }

    int height() {
        return pixels.getHeight();
    }

    /** The image's own array; callers do not write into it. */
    byte[] samples() {
        return samples(pixels);
    }

    /** Prepares an image for recognition: luma, a white border of {@code padding} pixels, {@code factor} times enlarged by bicubic interpolation. */
    static GreyImage prepare(BufferedImage image, int padding, int factor) {
        BufferedImage padded = paddedLuma(image, padding);
        if (factor == 1) {
            return new GreyImage(padded);
        }
        int width = padded.getWidth() * factor;
        int height = padded.getHeight() * factor;
        BufferedImage enlarged = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        Graphics2D graphics = enlarged.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
        graphics.drawImage(padded, 0, 0, width, height, null);
        graphics.dispose();
        return new GreyImage(enlarged);
    }

    private static BufferedImage paddedLuma(BufferedImage image, int padding) {
        int width = image.getWidth() + 2 * padding;
        int height = image.getHeight() + 2 * padding;
        BufferedImage padded = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        byte[] luma = samples(padded);
        Arrays.fill(luma, (byte) 255);
        byte[] bgr = samples(image);
        int from = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            int to = (y + padding) * width + padding;
            for (int x = 0; x < image.getWidth(); x++, from += 3) {
                luma[to++] = LumaPlane.of(bgr[from + 2] & 0xff, bgr[from + 1] & 0xff, bgr[from] & 0xff);
            }
        }
        return padded;
    }

    private static byte[] samples(BufferedImage image) {
        return ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    }
}
