package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A folder with a recipe that trains an untrained pipeline for three iterations within seconds. */
final class SmallRun {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final String RECIPE = """
            name: small
            seed: 1
            iterations: 3
            preset: grpo-guard
            model:
              pipeline: pipeline
              height: 32
              width: 32
            prompts:
              train: train.txt
              held_out: held-out.txt
            sampling:
              num_inference_steps: 4
              guidance_scale: 1.0
            evaluation:
              num_inference_steps: 4
              every: 2
              kept_images: 4
            groups:
              size: 4
              per_iteration: 2
            adapter:
              rank: 4
              lora_alpha: 8
            optimizer:
              learning_rate: 1e-3
              steps_per_iteration: 1
            # An untrained pipeline draws nothing that can be read, but its pictures do differ in size.
            rewards:
              - name: small-file
                scorer: jpeg-compressibility
              - name: ocr
                scorer: ocr
                role: gold
            """;

    private final Path folder;

    private SmallRun(Path folder) {
        this.folder = folder;
    }

    static SmallRun in(Path folder) throws IOException {
        TinyPipeline.write(folder.resolve("pipeline"));
        return with(folder);
    }

    /** The same with FLUX, guided in both of its ways. */
    static SmallRun ofFlux(Path folder) throws IOException {
        TinyFluxPipeline.write(folder.resolve("pipeline"));
        SmallRun run = with(folder);
        run.edit("guidance_scale: 1.0", "guidance_scale: 3.5\n  true_cfg_scale: 2.0\n  negative_prompt: sign");
        return run;
    }

    private static SmallRun with(Path folder) throws IOException {
        Files.writeString(folder.resolve("train.txt"), "a sign saying \"CAKE\"\na sign saying \"HELP\"\n");
        Files.writeString(folder.resolve("held-out.txt"), "a sign saying \"ARMY\"\na sign saying \"LAMP\"\n");
        Files.writeString(folder.resolve("recipe.yaml"), RECIPE);
        return new SmallRun(folder);
    }

    String recipe() {
        return folder.resolve("recipe.yaml").toString();
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    Path output() {
        return folder.resolve("output");
    }

    /** The recipe with a piece of its text replaced. */
    void edit(String piece, String replacement) throws IOException {
        String text = Files.readString(folder.resolve("recipe.yaml"));
        if (!text.contains(piece)) {
            throw new IllegalArgumentException("the recipe has no '" + piece + "'");
        }
        Files.writeString(folder.resolve("recipe.yaml"), text.replace(piece, replacement));
    }

    /** The arguments of {@code flowguard} that train it in one process. */
    String[] train(String... more) {
        return Stream.concat(Stream.of("train", recipe(), "--output-dir", output().toString()), Stream.of(more))
                .toArray(String[]::new);
    }

    /** How many iterations the output folder holds. */
    int iterations() throws IOException {
        return lines("metrics.jsonl").size() - 1;
    }

    /** The workers that have handed in groups. */
    Set<String> workers() throws IOException {
        return lines("ledger.jsonl").stream()
                .map(line -> line.path("worker").asString())
                .collect(Collectors.toSet());
    }

    /**
     * Checks that nothing is missing and nothing counts twice: a line for every iteration, every group of it exactly once, and
     * the adapters, grids and report.
     */
    void assertComplete(int iterations) throws IOException {
        assertThat(lines("metrics.jsonl").stream()
                        .map(line -> line.path("iteration").asInt()))
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(0, iterations).boxed().toList());
        assertThat(lines("metrics.jsonl").get(0).path("eval.small-file").isNumber())
                .isTrue();
        List<JsonNode> trained = lines("ledger.jsonl").stream()
                .filter(line -> line.path("purpose").asString().equals("training"))
                .toList();
        assertThat(trained.stream().map(line -> line.path("group").asLong())).doesNotHaveDuplicates();
        Map<Integer, Long> groups = trained.stream()
                .collect(Collectors.groupingBy(line -> line.path("iteration").asInt(), Collectors.counting()));
        for (int iteration = 0; iteration < iterations; iteration++) {
            assertThat(groups).containsEntry(iteration, 2L);
        }
        assertThat(List.of("adapter", "adapter-ema")).allSatisfy(adapter -> assertThat(output().resolve(adapter))
                .isDirectoryContaining("glob:**adapter_model.safetensors")
                .isDirectoryContaining("glob:**adapter_config.json")
                .isDirectoryContaining("glob:**pytorch_lora_weights.safetensors"));
        assertThat(output().resolve("samples/before.png")).isNotEmptyFile();
        assertThat(output().resolve("report.html")).isNotEmptyFile();
    }

    private List<JsonNode> lines(String file) throws IOException {
        return Files.readAllLines(output().resolve(file)).stream()
                .map(JSON::readTree)
                .toList();
    }
}
