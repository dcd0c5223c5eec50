package dev.flowguard.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.RecipeLoader;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MemoryForecastTest {

    private static MemoryForecast forecast(String recipe, String preset, Path pipeline) {
        return MemoryForecast.of(RecipeLoader.load(
                Path.of("..", "recipes", recipe), new Overrides(preset, null, null, null, pipeline, Map.of())));
    }

    private static MemoryForecast stableDiffusion(String preset) {
        return forecast("sd3.5-medium.yaml", preset, Path.of("src", "test", "resources", "pipelines", "sd3.5-medium"));
    }

    /** 48 groups of 24 members, 9 steps, latents of 16 x 64 x 64. */
    @Test
    void chainsKeepEveryLatentOnce() {
        assertThat(stableDiffusion("grpo-guard").experience()).isEqualTo(4L * 65_536 * 48 * 24 * (10 + 9));
    }

    /** 4 main paths of 6 branches a step: at each of 9 steps 4 latents, 4 means and 24 latents that they lead to. */
    @Test
    void aTreeKeepsItsMainPathsAndTheFirstLatentOfEachBranch() {
        assertThat(stableDiffusion("tempflow-grpo").experience()).isEqualTo(4L * 65_536 * 48 * 9 * (4 + 4 + 24));
    }

    /** Images of 512 x 512 are decoded one by one, so that training and not decoding is the peak. */
    @Test
    void decodingTakesNoMoreImagesThanTheirPixelsAllow() {
        MemoryForecast forecast = stableDiffusion("grpo-guard");
        MemoryForecast.Part training = forecast.train().phases().get(0);
        MemoryForecast.Part decoding = forecast.train().phases().get(2);
        assertThat(decoding.name()).isEqualTo("decoding, 1 images");
        assertThat(decoding.bytes()).isLessThan(training.bytes());
    }

    /** The recipe's plan of three steps and its groups of 12 are 36 branches, all of which the last step finds apart. */
    @Test
    void aTreesBranchesGoThroughTheModelTogether() {
        Path pipeline = Path.of("..", "recipes", "quickstart", "model");
        assertThat(forecast("quickstart.yaml", "grpo-guard", pipeline).together())
                .isEqualTo(16);
        MemoryForecast tree = forecast("quickstart.yaml", "tempflow-grpo", pipeline);
        assertThat(tree.together()).isEqualTo(36);
        assertThat(tree.train().phases())
                .extracting(MemoryForecast.Part::name)
                .containsExactly("training, 2 latents", "sampling, 36 latents", "decoding, 8 images");
    }
}
