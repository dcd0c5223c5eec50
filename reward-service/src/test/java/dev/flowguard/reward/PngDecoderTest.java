package dev.flowguard.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class PngDecoderTest {

    private final PngDecoder decoder =
            new PngDecoder(new RewardProperties.Limits(DataSize.ofMegabytes(1), 256, 10_000, DataSize.ofKilobytes(1)));

    @Test
    void rgbSamplesArriveUnchanged() throws Exception {
        BufferedImage image = noise(BufferedImage.TYPE_3BYTE_BGR);
        BufferedImage decoded = decoder.decode(TestImages.png(image));
        assertThat(decoded.getType()).isEqualTo(BufferedImage.TYPE_3BYTE_BGR);
        assertThat(samples(decoded)).isEqualTo(samples(image));
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
