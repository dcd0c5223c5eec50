package dev.flowguard.cli.report;

import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.IterationReport.Learning;
import dev.flowguard.learner.output.IterationReport.Oversight;
import dev.flowguard.learner.output.KeptSample;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.learner.output.StepRatios;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/** Output folders of invented runs: the proxy rises, and with Flow-GRPO the gold reward falls in the end. */
public final class ExampleFolders {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int STEPS = 7;

    private ExampleFolders() {}

    /** Writes a run and returns its folder. */
    public static Path write(Path folder, String preset, int seed, int iterations) throws IOException {
        boolean guard = preset.equals("grpo-guard");
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("recipe.yaml"), """
                name: example
                preset: %s
                seed: %d
                iterations: %d
                objective: {clip_range: %s}
                optimizer: {learning_rate: %s}
                rewards:
                  - {name: ocr, scorer: ocr, role: proxy, weight: 1.0}
                  - {name: fidelity, scorer: reference-similarity, role: gold, weight: 1.0}
                """.formatted(
                        preset, seed, iterations, guard ? "2.0E-6" : "1.0E-4", guard ? "1.0E-3" : "3.0E-4"));
        Random random = new Random(31L * seed + preset.hashCode());
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i <= iterations; i++) {
            lines.append(JSON.writeValueAsString(row(i, guard, random).toJson()))
                    .append('\n');
        }
        Files.writeString(folder.resolve("metrics.jsonl"), lines.toString());
        RunDirectory directory = new RunDirectory(folder);
        directory.writeSamplesBefore(samples(.5, 6));
        directory.writeSamplesAfter(samples(.9, guard ? 1 : 3));
        return folder;
    }

    private static IterationReport row(int iteration, boolean guard, Random random) {
        double progress = 1 - Math.exp(-iteration / 25.0);
        double hacked = guard ? 0 : .22 * Math.pow(iteration / 60.0, 2);
        boolean evaluated = iteration % 5 == 0;
        return new IterationReport(
                iteration,
                iteration,
                iteration * 2.5,
                Map.of(),
                evaluated
                        ? Map.of(
                                "ocr", .46 + .45 * progress + .012 * random.nextGaussian(),
                                "fidelity", .79 + .06 * progress - hacked + .008 * random.nextGaussian())
                        : Map.of(),
                Map.of(),
                evaluated
                        ? new Oversight(.2 - .1 * hacked - .03 * progress, Map.of(), List.of(), null, null)
                        : Oversight.none(),
                iteration == 0 ? null : learning(guard, random),
                Map.of("sample", 1.0));
    }

    private static Learning learning(boolean guard, Random random) {
        List<StepRatios> steps = IntStream.range(0, STEPS)
                .mapToObj(step -> new StepRatios(
                        step,
                        1 - step / 8.0,
                        48,
                        0,
                        3e-5,
                        guard ? .05 + .01 * step + .01 * random.nextDouble() : .0004 * random.nextDouble(),
                        guard ? .06 + .008 * step + .01 * random.nextDouble() : .01 + .004 * step,
                        null))
                .toList();
        return new Learning(8, 0, 8, 0, 0, 0, 1, 0.0, .01, .8, null, 1e-3, null, steps, null);
    }

    private static List<KeptSample> samples(double score, int blots) {
        return ExampleRun.sheet(0, score, blots).samples().stream()
                .map(sample -> new KeptSample(
                        sample.prompt(), sample.seed(), Map.of("ocr", score), sample.notes(), sample.png()))
                .toList();
    }
}
