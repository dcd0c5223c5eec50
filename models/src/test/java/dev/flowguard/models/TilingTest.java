package dev.flowguard.models;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TilingTest {

    private static final Device CPU = Device.cpu();
    private static final double TOLERANCE = 1e-4;

    private final Compute compute = Compute.on(CPU);

    @ParameterizedTest
    @CsvSource({"sd35/medium/pipeline/vae,sd35/medium/vae-tiled", "b/pipeline/vae,sd35/vae-tiled-b"})
    void equalsTheTiledAutoencoderOfDiffusers(String folder, String file) {
        try (AutoencoderKl vae = AutoencoderKl.load(Golden.ROOT.resolve(folder), WeightOptions.on(CPU));
                Golden golden = Golden.open(file + ".safetensors")) {
            Tiling latentTiles = requireNonNull(vae.config().decoderTiling());
            Tiling imageTiles = requireNonNull(vae.config().encoderTiling());
            compute.inference(() -> {
                Tensor latents = golden.tensor("latents");
                Tensor image = golden.tensor("image");
                assertThat(latentTiles.divides(latents)).isTrue();
                golden.assertClose("decoded", latentTiles.forward(latents, vae::decodeWhole), TOLERANCE);
                golden.assertClose("moments", imageTiles.forward(image, vae::encodeWhole), TOLERANCE);
                return true;
            });
        }
    }

    @Test
    void onlyImagesOfMoreThan1024SquaredPixelsAreDivided() {
        try (AutoencoderKl vae = AutoencoderKl.initialize(config(512), CPU, 1)) {
            Tiling latentTiles = requireNonNull(vae.config().decoderTiling());
            Tiling imageTiles = requireNonNull(vae.config().encoderTiling());
            compute.inference(() -> {
                Tensor whole = Noise.standardNormal(CPU, 1, 0, 1, 2, 512, 512);
                assertThat(vae.decode(whole).toFloats())
                        .isEqualTo(vae.decodeWhole(whole).toFloats());
                Tensor larger = Noise.standardNormal(CPU, 1, 0, 1, 2, 512, 513);
                float[] decoded = vae.decode(larger).toFloats();
                assertThat(decoded)
                        .isEqualTo(latentTiles.forward(larger, vae::decodeWhole).toFloats())
                        .isNotEqualTo(vae.decodeWhole(larger).toFloats());
                Tensor image = Tensor.of(CPU, decoded, 1, 3, 1024, 1026);
                assertThat(vae.encode(image).mean().toFloats())
                        .isEqualTo(imageTiles
                                .forward(image, vae::encodeWhole)
                                .slice(1, 0, 2)
                                .toFloats());
                return true;
            });
        }
    }

    @Test
    void aSampleSizeWithoutWholeQuartersMakesNoTiles() {
        assertThat(config(12).decoderTiling()).isNull();
        assertThat(config(15).encoderTiling()).isNull();
        assertThat(config(16).decoderTiling()).isEqualTo(new Tiling(8, 16));
        assertThatThrownBy(() -> new Tiling(6, 12)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Pixels are halved once. */
    private static AutoencoderKlConfig config(int sampleSize) {
        return new AutoencoderKlConfig(3, 3, List.of(2, 4), 1, 2, 2, sampleSize, 1.5, 0.1, false, false, false);
    }
}
