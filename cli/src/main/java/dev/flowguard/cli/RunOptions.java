package dev.flowguard.cli;

import dev.flowguard.learner.prompts.PromptSets;
import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RecipeLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which run, and what of it the command line decides. */
final class RunOptions {

    @Parameters(paramLabel = "RECIPE", description = "The run file, for example recipes/quickstart.yaml.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path recipe;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description = "Train by this algorithm instead of the recipe's; what the recipe itself sets stays."
                    + " flowguard presets lists them.")
    private @Nullable String preset;

    @Option(names = "--iterations", paramLabel = "N", description = "Train for N iterations instead of the recipe's.")
    private @Nullable Integer iterations;

    @Option(
            names = "--output-dir",
            paramLabel = "FOLDER",
            description = "Write there instead of where the recipe says.")
    private @Nullable Path outputDir;

    @Option(names = "--seed", paramLabel = "S", description = "Use this seed instead of the recipe's.")
    private @Nullable Long seed;

    @Option(
            names = "--pipeline",
            paramLabel = "FOLDER",
            description = "The base model: a diffusers pipeline folder, instead of the recipe's.")
    private @Nullable Path pipeline;

    @Option(names = "--resume", description = "Go on with the run that lies in the output folder.")
    private boolean resume;

    /**
     * Reads the recipe and its prompts, so that what is wrong with them is said before anything is started or written.
     *
     * @param rewardTargets gRPC target by reward name, in place of the recipe's
     * @throws dev.flowguard.tensor.InputException if the run cannot be
     */
    Recipe load(Map<String, String> rewardTargets) {
        Recipe loaded =
                RecipeLoader.load(recipe, new Overrides(preset, iterations, outputDir, seed, pipeline, rewardTargets));
        PromptSets.open(
                Path.of(loaded.prompts().train()), Path.of(loaded.prompts().heldOut()));
        return loaded;
    }

    /** As the learner wants them. */
    List<String> arguments(Map<String, String> rewardTargets) {
        List<String> arguments = new ArrayList<>();
        arguments.add("--flowguard.learner.recipe=" + recipe);
        arguments.add("--flowguard.learner.resume=" + resume);
        add(arguments, "preset", preset);
        add(arguments, "iterations", iterations);
        add(arguments, "output-dir", outputDir);
        add(arguments, "seed", seed);
        add(arguments, "pipeline", pipeline);
        rewardTargets.forEach((name, target) -> add(arguments, "reward-targets." + name, target));
        return arguments;
    }

    private static void add(List<String> arguments, String key, @Nullable Object value) {
        if (value != null) {
            arguments.add("--flowguard.learner." + key + "=" + value);
        }
    }
}
