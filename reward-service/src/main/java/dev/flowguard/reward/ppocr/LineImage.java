package dev.flowguard.reward.ppocr;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;

/** A line of text cut out of an image and laid straight, as PaddleOCR's {@code get_rotate_crop_image} does. */
final class LineImage {

    /** From this ratio of height to width on a line stands on its end, and is laid down. */
    private static final double UPRIGHT = 1.5;
    /** OpenCV's parameter of the cubic kernel. */
    private static final double CUBIC = -.75;
    /** Of a pixel: {@code warpPerspective} rounds places to it. */
    private static final double FRACTIONS = 32;

    private static final int CHANNELS = 3;

    private LineImage() {}

    /** @param image {@link BufferedImage#TYPE_3BYTE_BGR} */
    static BufferedImage of(BufferedImage image, Quad line) {
        int width = Math.max(1, (int) line.width());
        int height = Math.max(1, (int) line.height());
        Perspective place = Perspective.onto(line);
        BufferedImage straight = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        byte[] from = samples(image);
        byte[] to = samples(straight);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                Point at = place.at((double) x / width, (double) y / height);
                interpolate(from, image.getWidth(), image.getHeight(), at, to, (y * width + x) * CHANNELS);
            }
        }
        return (double) height / width >= UPRIGHT ? laidDown(straight) : straight;
    }

    /** Bicubic between pixel centres; beyond its edges the image goes on with its last pixels. */
    private static void interpolate(byte[] from, int width, int height, Point place, byte[] to, int pixel) {
        Point at =
                new Point(Math.rint(place.x() * FRACTIONS) / FRACTIONS, Math.rint(place.y() * FRACTIONS) / FRACTIONS);
        int left = (int) Math.floor(at.x());
        int top = (int) Math.floor(at.y());
        double first = 0;
        double second = 0;
        double third = 0;
        for (int dy = -1; dy <= 2; dy++) {
            double row = weight(at.y() - (top + dy));
            if (row == 0) {
                continue;
            }
            int y = Math.max(0, Math.min(height - 1, top + dy));
            for (int dx = -1; dx <= 2; dx++) {
                double weight = row * weight(at.x() - (left + dx));
                int source = (y * width + Math.max(0, Math.min(width - 1, left + dx))) * CHANNELS;
                first += weight * (from[source] & 0xff);
                second += weight * (from[source + 1] & 0xff);
                third += weight * (from[source + 2] & 0xff);
            }
        }
        to[pixel] = sample(first);
        to[pixel + 1] = sample(second);
        to[pixel + 2] = sample(third);
    }

    private static byte sample(double value) {
        return (byte) Math.max(0, Math.min(255, Math.rint(value)));
    }

    private static byte[] samples(BufferedImage image) {
        return ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    }

    private static double weight(double offset) {
        double distance = Math.abs(offset);
        if (distance <= 1) {
            return ((CUBIC + 2) * distance - (CUBIC + 3)) * distance * distance + 1;
        }
        return distance < 2 ? ((CUBIC * distance - 5 * CUBIC) * distance + 8 * CUBIC) * distance - 4 * CUBIC : 0;
    }

    /** A quarter turn against the clock. */
    private static BufferedImage laidDown(BufferedImage image) {
        int width = image.getHeight();
        int height = image.getWidth();
        BufferedImage turned = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                turned.setRGB(x, y, image.getRGB(height - 1 - y, x));
            }
        }
        return turned;
    }

    /** The perspective that lays the unit square over a quad (Heckbert 1989). */
    private record Perspective(double a, double b, double c, double d, double e, double f, double g, double h) {

        static Perspective onto(Quad quad) {
            Point p0 = quad.topLeft();
            Point p1 = quad.topRight();
            Point p2 = quad.bottomRight();
            Point p3 = quad.bottomLeft();
            double sumX = p0.x() - p1.x() + p2.x() - p3.x();
            double sumY = p0.y() - p1.y() + p2.y() - p3.y();
            double x1 = p1.x() - p2.x();
            double y1 = p1.y() - p2.y();
            double x2 = p3.x() - p2.x();
            double y2 = p3.y() - p2.y();
            double area = x1 * y2 - x2 * y1;
            double g = area == 0 ? 0 : (sumX * y2 - x2 * sumY) / area;
            double h = area == 0 ? 0 : (x1 * sumY - sumX * y1) / area;
            return new Perspective(
                    p1.x() - p0.x() + g * p1.x(),
                    p3.x() - p0.x() + h * p3.x(),
                    p0.x(),
                    p1.y() - p0.y() + g * p1.y(),
                    p3.y() - p0.y() + h * p3.y(),
                    p0.y(),
                    g,
                    h);
        }

        Point at(double u, double v) {
            double w = g * u + h * v + 1;
            return new Point((a * u + b * v + c) / w, (d * u + e * v + f) / w);
        }
    }
}
