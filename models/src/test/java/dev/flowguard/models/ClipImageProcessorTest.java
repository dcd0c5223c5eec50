package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against transformers' CLIPImageProcessor on Pillow; {@code tools/parity/clip/networks.py} wrote what it makes. */
class ClipImageProcessorTest {

    private static final Path ROOT = Golden.ROOT.resolve("clip/processor");
    private static final int IMAGES = 40;

    @ParameterizedTest
    @ValueSource(strings = {"plain", "old", "exact"})
    void valuesAreThoseOfTransformers(String name) {
        ClipImageProcessor processor = load(name);
        Compute.on(Device.cpu()).inference(() -> {
            try (Golden golden = Golden.open("clip/processor/" + name + "/golden.safetensors")) {
                for (int number = 0; number < IMAGES; number++) {
                    float[] values = processor.process(ParityImage.of(number));
                    assertThat(golden.tensor(number + ".shape").toLongs())
                            .containsExactly(3, processor.cropHeight(), processor.cropWidth());
                    float[] expected = golden.floats(String.valueOf(number));
                    for (int i = 0; i < expected.length; i++) {
                        assertThat(values[37 * i])
                                .as("image %d, value %d", number, 37 * i)
                                .isCloseTo(expected[i], within(1e-5f));
                    }
                }
            }
            return true;
        });
    }

    @Test
    void asATensorAnImageMustCoverTheCrop() {
        ClipImageProcessor tight = new ClipImageProcessor(
                new ClipImageProcessor.Resize.ShortestEdge(5),
                PilFilter.BICUBIC,
                6,
                5,
                ClipImageProcessor.OPENAI_MEAN,
                ClipImageProcessor.OPENAI_STD);
        assertThatThrownBy(() -> tight.processUnrounded(new RgbImage(3, 3, new byte[27])))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("5 x 5 has no centre of 6 x 5");
    }

    @Test
    void aBatchIsItsImages() {
        ClipImageProcessor processor = load("plain");
        float[] batch = Compute.on(Device.cpu()).inference(() -> processor
                .process(Device.cpu(), List.of(ParityImage.of(3), ParityImage.of(8)))
                .toFloats());
        float[] second = processor.process(ParityImage.of(8));
        assertThat(batch).hasSize(2 * second.length).endsWith(second);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"do_center_crop\": false} | do_center_crop is false",
                "{\"rescale_factor\": 1} | rescale_factor must be 1/255",
                "{\"resample\": 0} | resample must be 1 (Lanczos), 2 (bilinear) or 3 (bicubic)",
                "{\"size\": {\"shortest_edge\": 224, \"longest_edge\": 500}} | size has more than shortest_edge",
                "{\"size\": {\"height\": 224}} | size.width must be from 1",
                "{\"crop_size\": {\"shortest_edge\": 224}} | crop_size must have height and width",
                "{\"crop_size\": 0} | crop_size must be from 1",
                "{\"image_mean\": [0.5]} | image_mean must be three numbers",
                "{\"image_std\": [1, 1, 0]} | image_std must not be 0"
            })
    void refusesOtherStepsInOneLine(String json, String complaint, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("preprocessor_config.json"), json);
        assertThatThrownBy(() -> ClipImageProcessor.load(file))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("preprocessor_config.json: " + complaint)
                .message()
                .doesNotContain("\n");
    }

    private static ClipImageProcessor load(String name) {
        return ClipImageProcessor.load(ROOT.resolve(name).resolve("preprocessor_config.json"));
    }
}
