package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.RecipeLoader;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalRewardsTest {

    private final Path folder;

    LocalRewardsTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void settingsOfTheRecipeBecomePropertiesOfTheScorer() throws IOException {
        LocalRewards local = rewards("""
                  - {name: legible, scorer: ocr, settings: {page_segmentation_mode: 11}}
                  - {name: clean, scorer: ocr, role: gold, settings: {enlarge: 1}}
                  - {name: small, scorer: jpeg-compressibility}
                  - {name: far, scorer: aesthetic, target: "localhost:7071"}
                """);

        assertThat(local.names()).containsExactly("legible", "clean", "small");
        assertThat(local.arguments())
                .containsExactly(
                        "--flowguard.reward.scorers=ocr,jpeg-compressibility",
                        "--flowguard.reward.ocr.enlarge=1",
                        "--flowguard.reward.ocr.page-segmentation-mode=11");
    }

    @Test
    void oneScorerCannotHaveTwoSettings() {
        assertThatThrownBy(() -> rewards("""
                  - {name: legible, scorer: ocr, settings: {enlarge: 1}}
                  - {name: clean, scorer: ocr, settings: {enlarge: 2}}
                """))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("flowguard.reward.ocr.enlarge to be both 1 and 2");
    }

    private LocalRewards rewards(String rewards) throws IOException {
        Files.createDirectories(folder.resolve("base"));
        Files.writeString(folder.resolve("base/model_index.json"), "{\"_class_name\": \"StableDiffusion3Pipeline\"}");
        Path recipe = Files.writeString(folder.resolve("run.yaml"), """
                name: local
                model: {pipeline: base, height: 32, width: 32}
                prompts: {train: train.txt, held_out: held-out.txt}
                rewards:
                """ + rewards);
        return LocalRewards.of(RecipeLoader.load(recipe, Overrides.none()));
    }
}
