package dev.flowguard.reward;

import com.google.protobuf.ByteString;
import dev.flowguard.proto.v1.EncodedImage;
import dev.flowguard.proto.v1.ImageFormat;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;

/** Images that no sampler should send: damaged, hostile, or of a kind that is not accepted. All are declared as 8 x 4 unless the lie is in that. */
final class MalformedImages {

    private MalformedImages() {}

    static List<EncodedImage> all() {
        EncodedImage good = TestImages.png(TestImages.blank(8, 4, BufferedImage.TYPE_3BYTE_BGR));
        EncodedImage noise = TestImages.png(noise(64, 64));
        return List.of(
                EncodedImage.getDefaultInstance(),
                good.toBuilder().clearFormat().build(),
                good.toBuilder().setFormatValue(99).build(),
                good.toBuilder().clearData().build(),
                declared(
                        8,
                        4,
                        "this is not an image, but it is long enough to hold a header"
                                .getBytes(StandardCharsets.UTF_8)),
                declared(8, 4, jpeg()),
                declared(16, 8, cmyk()),
                // Lies about its size, in either place.
                good.toBuilder().setWidth(9).build(),
                good.toBuilder().setHeight(0).build(),
                good.toBuilder().setHeight(-1).build(),
                declared(0, 0, header(0, 0, 8, 2)),
                declared(0, 4, header(0, 4, 8, 2)),
                // A few bytes that stand for 30 GB.
                declared(100_000, 100_000, header(100_000, 100_000, 8, 2)),
                declared(8, 4, header(100_000, 100_000, 8, 2)),
                declared(-1, -1, header(-1, -1, 8, 2)),
                declared(257, 1, header(257, 1, 8, 2)),
                // Kinds that are not accepted.
                TestImages.png(TestImages.blank(8, 4, BufferedImage.TYPE_4BYTE_ABGR)),
                TestImages.png(TestImages.blank(8, 4, BufferedImage.TYPE_BYTE_INDEXED)),
                TestImages.png(TestImages.blank(8, 4, BufferedImage.TYPE_BYTE_BINARY)),
                TestImages.png(TestImages.blank(8, 4, BufferedImage.TYPE_USHORT_GRAY)),
                declared(8, 4, header(8, 4, 16, 2)),
                declared(8, 4, header(8, 4, 8, 99)),
                // Good headers over damaged bodies.
                declared(8, 4, header(8, 4, 8, 2)),
                damaged(good, 20),
                truncated(noise, noise.getData().size() / 2),
                truncated(noise, 60),
                damaged(noise, 70),
                // Samples that are not as many as declared.
                TestImages.rgb8(noise(8, 4)).toBuilder().setWidth(9).build(),
                TestImages.rgb8(noise(8, 4)).toBuilder().setHeight(0).build(),
                TestImages.rgb8(noise(8, 4)).toBuilder()
                        .setWidth(-1)
                        .setHeight(-1)
                        .build(),
                TestImages.rgb8(noise(8, 4)).toBuilder().clearData().build(),
                TestImages.rgb8(noise(8, 4)).toBuilder()
                        .setFormat(ImageFormat.IMAGE_FORMAT_PNG)
                        .build(),
                good.toBuilder().setFormat(ImageFormat.IMAGE_FORMAT_RGB8).build(),
                TestImages.rgb8(noise(257, 1)),
                // More bytes than the limit of the tests.
                TestImages.rgb8(noise(256, 256)),
                TestImages.png(noise(256, 256)));
    }

    private static EncodedImage declared(int width, int height, byte[] data) {
        return EncodedImage.newBuilder()
                .setFormat(ImageFormat.IMAGE_FORMAT_PNG)
                .setWidth(width)
                .setHeight(height)
                .setData(ByteString.copyFrom(data))
                .build();
    }

    private static EncodedImage truncated(EncodedImage image, int length) {
        return image.toBuilder().setData(image.getData().substring(0, length)).build();
    }

    private static EncodedImage damaged(EncodedImage image, int from) {
        byte[] data = image.getData().toByteArray();
        for (int i = from; i < from + 8; i++) {
            data[i] ^= 0x55;
        }
        return image.toBuilder().setData(ByteString.copyFrom(data)).build();
    }

    /** A PNG file that is whole up to its header, with a right checksum, and has nothing but an end behind it. */
    private static byte[] header(int width, int height, int bitDepth, int colourType) {
        ByteBuffer chunk = ByteBuffer.allocate(17)
                .putInt(0x49484452)
                .putInt(width)
                .putInt(height)
                .put((byte) bitDepth)
                .put((byte) colourType)
                .put(new byte[3]);
        CRC32 crc = new CRC32();
        crc.update(chunk.array());
        return ByteBuffer.allocate(8 + 4 + 17 + 4 + 12)
                .putLong(0x89504E470D0A1A0AL)
                .putInt(13)
                .put(chunk.array())
                .putInt((int) crc.getValue())
                .putInt(0)
                .putInt(0x49454E44)
                .putInt(0xAE426082)
                .array();
    }

    private static BufferedImage noise(int width, int height) {
        BufferedImage image = TestImages.blank(width, height, BufferedImage.TYPE_3BYTE_BGR);
        Random random = new Random(5);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, random.nextInt());
            }
        }
        return image;
    }

    private static byte[] jpeg() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(TestImages.blank(8, 4, BufferedImage.TYPE_3BYTE_BGR), "jpeg", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] cmyk() {
        try (InputStream jpeg = Objects.requireNonNull(MalformedImages.class.getResourceAsStream("/cmyk.jpg"))) {
            return jpeg.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
