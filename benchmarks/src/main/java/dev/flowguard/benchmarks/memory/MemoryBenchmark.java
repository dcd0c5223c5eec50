package dev.flowguard.benchmarks.memory;

import dev.flowguard.cli.doctor.MemoryForecast;
import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.RecipeLoader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@code MemoryForecast FOLDER [NAME...]}: what {@code flowguard doctor} predicts and what {@code flowguard train} takes, for
 * recipes on a random model that it writes into the folder, and for the quickstart if it is run in the repository's root.
 */
public final class MemoryBenchmark {
    private static final double MIB = 1 << 20;
    private static final String ITERATIONS = "2";

    private MemoryBenchmark() {}

    public static void main(String[] arguments) throws IOException, InterruptedException {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        if (arguments.length == 0) {
            out.println("usage: MemoryForecast FOLDER [NAME...]");
            System.exit(2);
        }
        Path folder = Path.of(arguments[0]);
        List<String> names = List.of(arguments).subList(1, arguments.length);
        Map<String, Path> recipes = recipes(folder);
        out.printf(Locale.ROOT, "%-24s %14s %14s %8s%n", "", "predicted MiB", "measured MiB", "ratio");
        for (Map.Entry<String, Path> recipe : recipes.entrySet()) {
            if (!names.isEmpty() && !names.contains(recipe.getKey())) {
                continue;
            }
            Path log = folder.resolve(recipe.getKey() + ".log");
            Path output = Files.createTempDirectory(folder, recipe.getKey());
            long measured = PeakMemory.of(
                    log,
                    List.of(
                            "train",
                            recipe.getValue().toString(),
                            "--iterations",
                            ITERATIONS,
                            "--output-dir",
                            output.toString()));
            double predicted = MemoryForecast.of(RecipeLoader.load(recipe.getValue(), Overrides.none()))
                    .train()
                    .peak();
            out.printf(
                    Locale.ROOT,
                    "%-24s %14.0f %14.0f %8.3f%n",
                    recipe.getKey(),
                    predicted / MIB,
                    measured / MIB,
                    predicted / measured);
        }
    }

    private static Map<String, Path> recipes(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path model = folder.resolve("sd3");
        if (!Files.exists(model)) {
            RandomModel.write(model);
        }
        Files.writeString(folder.resolve("train.txt"), "a sign\na\nsign\n");
        Files.writeString(folder.resolve("held-out.txt"), "saying\nsaying a\nsign a\n");
        Map<String, Path> recipes = new LinkedHashMap<>();
        Path quickstart = Path.of("recipes/quickstart.yaml");
        if (Files.exists(quickstart)) {
            recipes.put("quickstart", quickstart);
        }
        recipes.put("sd3", recipe(folder, "sd3", "", ""));
        recipes.put("sd3-checkpointing", recipe(folder, "sd3-checkpointing", ", gradient_checkpointing: true", ""));
        recipes.put("sd3-micro-batch", recipe(folder, "sd3-micro-batch", "", ", micro_batch_size: 2"));
        recipes.put("sd3-both", recipe(folder, "sd3-both", ", gradient_checkpointing: true", ", micro_batch_size: 2"));
        recipes.put("sd3-bfloat16", recipe(folder, "sd3-bfloat16", ", transformer_dtype: bfloat16", ""));
        return recipes;
    }

    private static Path recipe(Path folder, String name, String model, String groups) throws IOException {
        return Files.writeString(folder.resolve(name + ".yaml"), """
                name: %s
                iterations: 2
                model: {pipeline: sd3, height: 256, width: 256%s}
                prompts: {train: train.txt, held_out: held-out.txt}
                sampling: {num_inference_steps: 2, guidance_scale: 1, stochastic_steps: {random: 1}}
                evaluation: {num_inference_steps: 2, every: 10, batch_size: 4}
                groups: {size: 8, per_iteration: 1%s}
                adapter: {rank: 16, lora_alpha: 32}
                optimizer: {steps_per_iteration: 1}
                rewards: [{name: size, scorer: jpeg-compressibility}]
                """.formatted(name, model, groups));
    }
}
