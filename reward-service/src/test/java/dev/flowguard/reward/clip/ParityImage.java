package dev.flowguard.reward.clip;

import java.awt.image.BufferedImage;

/** The images of {@code tools/parity/clip/images.py}, by number: the same samples, so that no file has to be committed. */
public final class ParityImage {

    private static final int[][] SIZES = {
        {64, 64}, {48, 48}, {32, 32}, {96, 64}, {64, 96}, {33, 61}, {61, 33}, {128, 40}, {40, 128}, {31, 31},
        {1, 1}, {1, 40}, {40, 1}, {2, 90}, {90, 2}, {200, 10}, {10, 200}, {7, 7}, {24, 120}, {150, 149}
    };

    private ParityImage() {}

    public static BufferedImage of(int number) {
        int width = SIZES[number / 2 % SIZES.length][0];
        int height = SIZES[number / 2 % SIZES.length][1];
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < width * height * 3; i++) {
            int x = i / 3 % width;
            int y = i / 3 / width;
            image.getRaster().setSample(x, y, i % 3, sample(number, width, height, x, y, i % 3) & 0xff);
        }
        return image;
    }

    /** A gradient, noise, discs or stripes, by turns. */
    private static int sample(int number, int width, int height, int x, int y, int channel) {
        int noise = hash(x * 73856093 ^ y * 19349663 ^ channel * 83492791 ^ number * 40503);
        int ground = hash(channel * 83492791 ^ number * 40503 + 17);
        return switch ((number + number / 2) % 4) {
            case 0 -> x * (2 + number % 5) + y * (5 - number % 5) + channel * 50;
            case 1 -> noise;
            case 2 -> {
                int radius = 3 + (width + height) / 6;
                int across = 2 * x - width;
                int down = 2 * y - height;
                yield across * across + down * down < 4 * radius * radius ? 255 - ground : ground;
            }
            default -> (x + number % 7 * y) / 5 % 2 == 0 ? ground : ground + 128 + noise / 16;
        };
    }

    private static int hash(int value) {
        int h = (value ^ value >>> 13) * 0x5BD1E995;
        return (h ^ h >>> 15) >>> 24;
    }
}
