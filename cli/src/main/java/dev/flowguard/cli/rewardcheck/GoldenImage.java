package dev.flowguard.cli.rewardcheck;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import java.util.Locale;
import java.util.Random;

/** The images of the golden requests, computed pixel by pixel: no font, no image library and no machine makes them differ. */
enum GoldenImage {
    /** {@link #WORD} in black on white. */
    SIGN {
        @Override
        int colour(int x, int y, int width, int height) {
            return SignLetters.isInk(WORD, x, y, width, height) ? 0x000000 : 0xFFFFFF;
        }
    },
    GREY {
        @Override
        int colour(int x, int y, int width, int height) {
            return 0x808080;
        }
    },
    GRADIENT {
        @Override
        int colour(int x, int y, int width, int height) {
            int red = 255 * x / width;
            int green = 255 * y / height;
            return red << 16 | green << 8 | 255 - red;
        }
    },
    CHECKERBOARD {
        @Override
        int colour(int x, int y, int width, int height) {
            return (x / 8 + y / 8) % 2 == 0 ? 0xF0F0F0 : 0x202020;
        }
    },
    DISCS {
        @Override
        int colour(int x, int y, int width, int height) {
            return isInside(x, y, width / 3, height / 2, height / 4)
                    ? 0xD02020
                    : isInside(x, y, 2 * width / 3, height / 2, height / 5) ? 0x2040D0 : 0xE8E4D8;
        }

        private static boolean isInside(int x, int y, int centreX, int centreY, int radius) {
            int dx = x - centreX;
            int dy = y - centreY;
            return dx * dx + dy * dy <= radius * radius;
        }
    },
    NOISE {
        @Override
        int colour(int x, int y, int width, int height) {
            // Random's sequence is part of its specification.
            return new Random(31L * y + x).nextInt() & 0xFFFFFF;
        }
    };

    /** What the sign says. */
    static final String WORD = "HELP";

    /** A pixel as 0xRRGGBB. */
    abstract int colour(int x, int y, int width, int height);

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    PngFile draw(int width, int height) {
        return PngFile.rgb(width, height, samples(width, height));
    }

    /** The image without a file around it. */
    EncodedImage rgb8(int width, int height) {
        return EncodedImage.newBuilder()
                .setFormat(ImageFormat.IMAGE_FORMAT_RGB8)
                .setWidth(width)
                .setHeight(height)
                .setData(ByteString.copyFrom(samples(width, height)))
                .build();
    }

    /** [height, width, 3], red first. */
    private byte[] samples(int width, int height) {
        byte[] samples = new byte[3 * width * height];
        int at = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int colour = colour(x, y, width, height);
                samples[at++] = (byte) (colour >> 16);
                samples[at++] = (byte) (colour >> 8);
                samples[at++] = (byte) colour;
            }
        }
        return samples;
    }
}
