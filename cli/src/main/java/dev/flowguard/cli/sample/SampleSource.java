package dev.flowguard.cli.sample;

import dev.flowguard.cli.export.AdapterSource;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RecipeLoader;
import dev.flowguard.models.Guidance;
import dev.flowguard.models.ModelFamily;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a user may point at, and what it says of how to draw: a pipeline's folder, a recipe, or the folder of a run, whose
 * adapter is used.
 *
 * @param pipeline the diffusers folder
 * @param run the run whose adapter is used, or null
 * @param height in pixels
 * @param width in pixels
 * @param steps of the ODE
 * @param guidance how far prompts are followed
 * @param shift a static shift in place of the scheduler's own, or null
 */
record SampleSource(
        Path pipeline,
        @Nullable Path run,
        int height,
        int width,
        int steps,
        Guidance guidance,
        @Nullable Double shift) {

    /** @throws dev.flowguard.tensor.InputException if it is none of these */
    static SampleSource of(Path path) {
        if (AdapterSource.isRun(path)) {
            return of(RecipeLoader.load(new RunDirectory(path).recipe(), Overrides.none()), path);
        }
        if (Files.isRegularFile(path) && path.toString().matches(".*\\.ya?ml")) {
            return of(RecipeLoader.load(path, Overrides.none()), null);
        }
        ModelFamily family = ModelFamily.of(path);
        SampleDefaults defaults = SampleDefaults.of(path);
        return new SampleSource(
                path,
                null,
                defaults.height(),
                defaults.width(),
                defaults.numInferenceSteps(),
                Guidance.of(family.guidanceScale(defaults.guidanceScale())),
                null);
    }

    private static SampleSource of(Recipe recipe, @Nullable Path run) {
        return new SampleSource(
                Path.of(recipe.model().pipeline()),
                run,
                recipe.model().height(),
                recipe.model().width(),
                recipe.evaluation().numInferenceSteps(),
                recipe.sampling().guidance(),
                recipe.sampling().shift());
    }
}
