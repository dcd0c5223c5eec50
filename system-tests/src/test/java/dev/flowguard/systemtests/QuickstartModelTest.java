package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.grpo.OdeKernel;
import dev.flowguard.grpo.SigmaSchedule;
import dev.flowguard.grpo.TrajectorySampler;
import dev.flowguard.models.Conditioning;
import dev.flowguard.models.StableDiffusion3Pipeline;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** The bundled model, drawn by our sampler and by the unmodified Python pipeline ({@code tools/parity/quickstart}). */
class QuickstartModelTest {

    private static final Path MODEL = Path.of("..", "recipes", "quickstart", "model");
    private static final Path GOLDEN = Path.of("src", "test", "resources", "parity", "quickstart.safetensors");
    private static final Device CPU = Device.cpu();

    @Test
    void drawsWhatDiffusersDraws() {
        try (SafetensorsFile golden = SafetensorsFile.open(GOLDEN);
                StableDiffusion3Pipeline pipeline = StableDiffusion3Pipeline.load(MODEL, CPU)) {
            Map<String, String> settings = golden.metadata();
            String[] prompts = JsonMapper.shared().readValue(settings.getOrDefault("prompts", "[]"), String[].class);
            int steps = Integer.parseInt(settings.getOrDefault("steps", "0"));

            float[] difference = Compute.on(CPU).inference(() -> {
                Tensor latents = golden.read("latents", CPU);
                Conditioning conditioning = pipeline.encode(List.of(prompts));
                Tensor drawn = pipeline.decode(new TrajectorySampler(
                                SigmaSchedule.sd3(steps, pipeline.scheduler().shift()), new OdeKernel())
                        .sample((x, sigma) -> pipeline.velocity(x, sigma, conditioning), latents, List.of(), List.of())
                        .finalLatents());
                return drawn.sub(golden.read("images", CPU)).abs().toFloats();
            });

            assertThat(prompts).hasSize(4);
            assertThat(difference).hasSize(4 * 3 * 32 * 64).doesNotContain(Float.NaN);
            double largest = 0;
            for (float value : difference) {
                largest = Math.max(largest, value);
            }
            assertThat(largest).as("largest difference of a pixel in [0, 1]").isLessThan(1e-3);
        }
    }

    @Test
    void isSmallEnoughToLiveInTheRepository() throws IOException {
        try (Stream<Path> files = Files.walk(MODEL)) {
            long bytes = files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
            assertThat(bytes).isBetween(8_000_000L, 12_000_000L);
        }
    }

    @Test
    void heldOutPromptsAreNotTrainedOn() throws IOException {
        Path prompts = MODEL.resolveSibling("train.txt");
        List<String> train = Files.readAllLines(prompts);
        List<String> heldOut = Files.readAllLines(MODEL.resolveSibling("held-out.txt"));

        assertThat(heldOut).hasSize(64).doesNotHaveDuplicates().doesNotContainAnyElementsOf(train);
        assertThat(train).doesNotHaveDuplicates();
    }
}
