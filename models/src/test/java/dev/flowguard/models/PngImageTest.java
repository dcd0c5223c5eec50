package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PngImageTest {

    @Test
    void textsComeBackWhateverTheirAlphabet() {
        try (Scope scope = Scope.open()) {
            Map<String, String> texts = new LinkedHashMap<>();
            texts.put("parameters", "a sign saying \"CARE\"\nSteps: 8");
            texts.put("flowguard", "{\"prompt\": \"你好 🚀\"}");
            Tensor image = Tensor.zeros(Device.cpu(), DType.FLOAT32, 3, 2, 2);
            byte[] png = PngImage.encode(image, texts);
            assertThat(PngImage.texts(png)).isEqualTo(texts);
            assertThat(new String(png, StandardCharsets.UTF_8)).contains("tEXtparameters", "你好 🚀");
            assertThat(PngImage.decode(Device.cpu(), png).toFloats()).containsOnly(0);
            assertThat(PngImage.texts(PngImage.encode(image))).isEmpty();
        }
        assertThatThrownBy(() -> PngImage.texts(new byte[] {1, 2, 3})).isInstanceOf(InputException.class);
    }

    @Test
    void everyLevelOfEveryChannelSurvives() {
        float[] values = new float[3 * 16 * 16];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i * 7 % 256) / 255f;
        }
        try (Scope scope = Scope.open()) {
            byte[] png = PngImage.encode(Tensor.of(Device.cpu(), values, 3, 16, 16));
            Tensor decoded = PngImage.decode(Device.cpu(), png);
            assertThat(decoded.shape()).containsExactly(3, 16, 16);
            assertThat(decoded.toFloats()).isEqualTo(values);
        }
    }

    @Test
    void valuesAreClampedAndRoundedHalfToEven() {
        float[] values = {-1f, 2f, 0.5f / 255, 1.5f / 255, 100.4f / 255, 100.6f / 255};
        float[] image = new float[18];
        System.arraycopy(values, 0, image, 0, 6);
        try (Scope scope = Scope.open()) {
            float[] decoded = PngImage.decode(Device.cpu(), PngImage.encode(Tensor.of(Device.cpu(), image, 3, 2, 3)))
                    .toFloats();
            int[] levels = {0, 255, 0, 2, 100, 101};
            for (int i = 0; i < levels.length; i++) {
                assertThat(Math.round(decoded[i] * 255))
                        .as("value " + values[i])
                        .isEqualTo(levels[i]);
            }
        }
    }

    @Test
    void greyIsRepeatedWithoutAGammaCurve() throws IOException {
        BufferedImage grey = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSample(0, 0, 0, 51);
        grey.getRaster().setSample(1, 0, 0, 204);
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(grey, "png", png);
        try (Scope scope = Scope.open()) {
            assertThat(PngImage.decode(Device.cpu(), png.toByteArray()).toFloats())
                    .containsExactly(.2f, .8f, .2f, .8f, .2f, .8f);
        }
    }

    @Test
    void garbageIsRefused() {
        assertRefused(new byte[0]);
        assertRefused("not a png at all".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    @Test
    void anAnnouncedGigapixelIsRefusedBeforeItIsAllocated() {
        assertThatThrownBy(() -> PngImage.decode(Device.cpu(), headerOf(16_000, 16_000)))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("too large");
    }

    private static void assertRefused(byte[] bytes) {
        assertThatThrownBy(() -> PngImage.decode(Device.cpu(), bytes))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not a readable PNG");
    }

    /** A PNG that ends after its header. */
    private static byte[] headerOf(int width, int height) {
        ByteBuffer chunk = ByteBuffer.allocate(17)
                .put("IHDR".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .putInt(width)
                .putInt(height)
                .put(new byte[] {8, 2, 0, 0, 0});
        CRC32 crc = new CRC32();
        crc.update(chunk.array());
        return ByteBuffer.allocate(33)
                .put(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'})
                .putInt(13)
                .put(chunk.array())
                .putInt((int) crc.getValue())
                .array();
    }
}
