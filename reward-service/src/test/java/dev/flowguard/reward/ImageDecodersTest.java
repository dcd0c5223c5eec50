package dev.flowguard.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import dev.flowguard.proto.v1.EncodedImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class ImageDecodersTest {

    private final ImageDecoders decoder = new ImageDecoders(
            new RewardProperties.Limits(DataSize.ofMegabytes(1), 256, 10_000, DataSize.ofKilobytes(1)));

    @Test
    void rgbSamplesArriveUnchanged() throws Exception {
        BufferedImage image = noise(BufferedImage.TYPE_3BYTE_BGR);
        BufferedImage decoded = decoder.decode(TestImages.png(image));
        assertThat(decoded.getType()).isEqualTo(BufferedImage.TYPE_3BYTE_BGR);
        assertThat(samples(decoded)).isEqualTo(samples(image));
    }

    @Test
    void samplesThatAreNoFileArriveUnchanged() throws Exception {
        BufferedImage image = noise(BufferedImage.TYPE_3BYTE_BGR);
        EncodedImage sent = TestImages.rgb8(image);
        BufferedImage decoded = decoder.decode(sent);
        assertThat(decoded.getType()).isEqualTo(BufferedImage.TYPE_3BYTE_BGR);
        assertThat(samples(decoded)).isEqualTo(samples(image));
        decoded.getRaster().setSample(0, 0, 0, 255 - decoded.getRaster().getSample(0, 0, 0));
        assertThat(sent).as("what came is not written to").isEqualTo(TestImages.rgb8(image));
    }

    @Test
    void greySamplesArriveUnchangedInAllChannels() throws Exception {
        BufferedImage image = noise(BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage decoded = decoder.decode(TestImages.png(image));
        assertThat(decoded.getType()).isEqualTo(BufferedImage.TYPE_3BYTE_BGR);
        for (int band = 0; band < 3; band++) {
            assertThat(decoded.getRaster().getSamples(0, 0, 16, 8, band, (int[]) null))
                    .isEqualTo(samples(image));
        }
    }

    @Test
    void saysWhatIsWrongInOneLine() {
        assertThatThrownBy(() -> decoder.decode(TestImages.png(TestImages.blank(300, 2, BufferedImage.TYPE_3BYTE_BGR))))
                .isInstanceOf(InvalidItemException.class)
                .hasMessage("the PNG file is 300 x 2 pixels; 1 to 256 a side are accepted");
        assertThatThrownBy(() -> decoder.decode(TestImages.png(TestImages.blank(3, 2, BufferedImage.TYPE_4BYTE_ABGR))))
                .hasMessage(
                        "the PNG file has RGB and alpha samples of 8 bits; send grey or RGB of 8 bits, without alpha");
        EncodedImage pixels = TestImages.rgb8(TestImages.blank(3, 2, BufferedImage.TYPE_3BYTE_BGR));
        assertThatThrownBy(() -> decoder.check(pixels.toBuilder().setWidth(4).build()))
                .hasMessage("the image has 18 bytes, but 4 x 2 pixels of RGB are 24");
        assertThatThrownBy(() -> decoder.check(pixels.toBuilder().setHeight(-1).build()))
                .hasMessage("the image is 3 x 4294967295 pixels; 1 to 256 a side are accepted");
    }

    /** INVARIANT: what an item makes the decoder allocate is bounded by its pixels, whatever else is in the file. */
    @Test
    void compressedTextIsNeverInflated() throws Exception {
        EncodedImage good = TestImages.png(noise(BufferedImage.TYPE_3BYTE_BGR));
        int inflated = 64 << 20;
        EncodedImage bomb = good.toBuilder()
                .setData(withText(good.getData(), deflated(inflated)))
                .build();
        decoder.decode(good);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());

        BufferedImage decoded = decoder.decode(bomb);

        assertThat(threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before)
                .isLessThan(inflated / 8);
        assertThat(samples(decoded)).isEqualTo(samples(decoder.decode(good)));
    }

    /** A zTXt chunk right behind the header. */
    private static ByteString withText(ByteString png, byte[] deflated) throws IOException {
        ByteArrayOutputStream typed = new ByteArrayOutputStream();
        typed.write("zTXtComment\0\0".getBytes(StandardCharsets.US_ASCII));
        typed.write(deflated);
        CRC32 crc = new CRC32();
        crc.update(typed.toByteArray());
        ByteBuffer chunk = ByteBuffer.allocate(typed.size() + 8)
                .putInt(typed.size() - 4)
                .put(typed.toByteArray())
                .putInt((int) crc.getValue());
        int header = 33;
        return png.substring(0, header)
                .concat(ByteString.copyFrom(chunk.flip()))
                .concat(png.substring(header));
    }

    private static byte[] deflated(int zeros) throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (DeflaterOutputStream out = new DeflaterOutputStream(compressed)) {
            byte[] block = new byte[1 << 16];
            for (int written = 0; written < zeros; written += block.length) {
                out.write(block);
            }
        }
        return compressed.toByteArray();
    }

    private static BufferedImage noise(int type) {
        BufferedImage image = TestImages.blank(16, 8, type);
        int[] samples = new Random(2)
                .ints(16L * 8 * image.getRaster().getNumBands(), 0, 256)
                .toArray();
        image.getRaster().setPixels(0, 0, 16, 8, samples);
        return image;
    }

    private static int[] samples(BufferedImage image) {
        return image.getRaster().getPixels(0, 0, 16, 8, (int[]) null);
    }
}
