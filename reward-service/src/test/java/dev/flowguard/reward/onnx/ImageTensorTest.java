package dev.flowguard.reward.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageTensorTest {

    private static final PixelScale RAW = new PixelScale(List.of(0f, 0f, 0f), List.of(1f, 1f, 1f), ChannelOrder.RGB);

    @Test
    void anImageOfItsOwnSizeKeepsItsSamples() {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_3BYTE_BGR);
        image.setRGB(0, 0, 0x010203);
        image.setRGB(1, 0, 0xFF8000);
        ImageTensor tensor = ImageTensor.of(image, 2, 1, RAW);
        assertThat(tensor.shape()).containsExactly(1, 3, 1, 2);
        assertThat(samples(tensor)).containsExactly(1f, 255f, 2f, 128f, 3f, 0f);
    }

    @Test
    void channelsAreScaledInTheNetworksOrder() {
        BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR);
        image.setRGB(0, 0, 0x0A141E);
        PixelScale scale = new PixelScale(List.of(10f, 0f, 0f), List.of(2f, 4f, 5f), ChannelOrder.BGR);
        assertThat(samples(ImageTensor.of(image, 1, 1, scale))).containsExactly(10f, 5f, 2f);
    }

    /** OpenCV 5.0: {@code cv2.resize(np.array([[0, 100, 200, 40]], np.uint8), size)}. */
    @Test
    void interpolatesAsOpenCvDoes() {
        BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_3BYTE_BGR);
        int[] row = {0, 100, 200, 40};
        for (int x = 0; x < 4; x++) {
            image.setRGB(x, 0, row[x] << 16);
        }
        assertThat(red(ImageTensor.of(image, 8, 1, RAW))).containsExactly(OPENCV_ENLARGED);
        assertThat(red(ImageTensor.of(image, 3, 1, RAW))).containsExactly(OPENCV_SHRUNK);
    }

    /** OpenCV 5.0, whose edges, shares and sums are whole numbers. */
    @Test
    void interpolatesRowsAndColumnsToTheBit() {
        BufferedImage image = new BufferedImage(5, 4, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 5; x++) {
                image.setRGB(x, y, (53 * x + 91 * y + 7 * x * y) % 256 << 16);
            }
        }
        assertThat(red(ImageTensor.of(image, 7, 6, RAW)))
                .containsExactly(
                        0, 30, 68, 106, 144, 182, 212, //
                        46, 78, 118, 159, 107, 111, 144, //
                        106, 141, 172, 186, 77, 60, 95, //
                        167, 204, 190, 85, 102, 137, 174, //
                        100, 140, 154, 113, 163, 158, 126, //
                        17, 59, 112, 165, 218, 161, 57);
        assertThat(red(ImageTensor.of(image, 4, 3, RAW)))
                .containsExactly(22, 89, 130, 182, 144, 176, 95, 127, 53, 128, 193, 97);
    }

    private static final float[] OPENCV_ENLARGED = {0, 25, 75, 125, 175, 160, 80, 40};
    private static final float[] OPENCV_SHRUNK = {17, 150, 67};

    @Test
    void paddingIsZeroOnTheRight() {
        BufferedImage image = new BufferedImage(1, 2, BufferedImage.TYPE_3BYTE_BGR);
        image.setRGB(0, 0, 0x010101);
        image.setRGB(0, 1, 0x020202);
        ImageTensor padded = ImageTensor.of(image, 1, 2, RAW).paddedTo(3);
        assertThat(samples(padded)).containsExactly(1, 0, 0, 2, 0, 0, 1, 0, 0, 2, 0, 0, 1, 0, 0, 2, 0, 0);
    }

    @Test
    void refusesAScaleThatDividesByZero() {
        assertThatThrownBy(() -> new PixelScale(List.of(0f, 0f, 0f), List.of(1f, 0f, 1f), ChannelOrder.RGB))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static float[] red(ImageTensor tensor) {
        return Arrays.copyOf(samples(tensor), tensor.width() * tensor.height());
    }

    private static float[] samples(ImageTensor tensor) {
        float[] samples = new float[3 * tensor.height() * tensor.width()];
        tensor.buffer().get(samples);
        return samples;
    }
}
