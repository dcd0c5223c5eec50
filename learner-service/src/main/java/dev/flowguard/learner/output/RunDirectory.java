package dev.flowguard.learner.output;

import com.google.protobuf.ByteString;
import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A run's output folder:
 *
 * <pre>
 *   recipe.yaml       the run's settings, complete
 *   prompts.json      digests of its files of prompts
 *   metrics.jsonl     one object an iteration
 *   ledger.jsonl      every group that counted
 *   checkpoints/      what --resume goes on from
 *   adapter/          the policy, for PEFT and for diffusers
 *   adapter-ema/      its moving average, likewise
 *   samples/before/   evaluation images of the base model
 *   samples/after/    of the latest evaluated policy, same prompts and seeds
 * </pre>
 */
public final class RunDirectory {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Path root;

    public RunDirectory(Path root) {
        this.root = root;
    }

    /** The folder itself. */
    public Path root() {
        return root;
    }

    public Path recipe() {
        return root.resolve("recipe.yaml");
    }

    public Path metrics() {
        return root.resolve("metrics.jsonl");
    }

    public Path ledger() {
        return root.resolve("ledger.jsonl");
    }

    public Path checkpoints() {
        return root.resolve("checkpoints");
    }

    public Path adapter() {
        return root.resolve("adapter");
    }

    public Path emaAdapter() {
        return root.resolve("adapter-ema");
    }

    /** Whether a run has been here that came as far as a first evaluation; before that there is nothing to lose. */
    public boolean occupied() {
        return metrics().toFile().length() > 0;
    }

    /**
     * Makes the folder and writes the settings into it.
     *
     * @param promptDigests SHA-256 of the files of prompts by their keys in the recipe
     * @throws InputException if that is not possible
     */
    public void create(String recipeYaml, Map<String, String> promptDigests) {
        AtomicFile.write(prompts(), JSON.writeValueAsString(new TreeMap<>(promptDigests)) + "\n");
        AtomicFile.write(recipe(), recipeYaml);
    }

    /** What {@link #create} was told of the prompts; empty where it was told nothing. */
    public Map<String, String> promptDigests() {
        Map<String, String> digests = new TreeMap<>();
        if (Files.exists(prompts())) {
            try {
                JSON.readTree(Files.readString(prompts()))
                        .properties()
                        .forEach(digest ->
                                digests.put(digest.getKey(), digest.getValue().asString()));
            } catch (IOException | JacksonException e) {
                throw new InputException(
                        prompts() + ": cannot be read (" + e.getMessage() + "); restore or delete it", e);
            }
        }
        return digests;
    }

    private Path prompts() {
        return root.resolve("prompts.json");
    }

    /** Every line of the metrics so far. */
    public List<IterationReport> reports() {
        try {
            return JsonLinesFile.read(metrics()).stream()
                    .map(IterationReport::fromJson)
                    .toList();
        } catch (IOException e) {
            throw new InputException(metrics() + ": cannot be read (" + e.getMessage() + "); restore or delete it", e);
        }
    }

    /** Keeps images of the untrained policy. */
    public void writeSamplesBefore(List<KeptSample> samples) {
        writeSamples(root.resolve("samples/before"), samples);
    }

    /** Keeps images of the policy as it is now, in place of earlier ones. */
    public void writeSamplesAfter(List<KeptSample> samples) {
        writeSamples(root.resolve("samples/after"), samples);
    }

    /** What {@link #writeSamplesBefore} kept; empty where nothing was. */
    public List<KeptSample> samplesBefore() {
        return readSamples(root.resolve("samples/before"));
    }

    /** What {@link #writeSamplesAfter} kept; empty where nothing was. */
    public List<KeptSample> samplesAfter() {
        return readSamples(root.resolve("samples/after"));
    }

    private static void writeSamples(Path directory, List<KeptSample> samples) {
        List<Map<String, Object>> index = new ArrayList<>();
        for (int i = 0; i < samples.size(); i++) {
            KeptSample sample = samples.get(i);
            String file = String.format("%03d.png", i);
            AtomicFile.write(directory.resolve(file), sample.png().toByteArray());
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("file", file);
            entry.put("prompt", sample.prompt());
            entry.put("seed", sample.seed());
            entry.put("scores", sample.scores());
            entry.put("notes", sample.notes());
            index.add(entry);
        }
        // Last: an index never names an image that is not there.
        AtomicFile.write(directory.resolve("samples.json"), JSON.writeValueAsString(index) + "\n");
    }

    private static List<KeptSample> readSamples(Path directory) {
        Path index = directory.resolve("samples.json");
        List<KeptSample> samples = new ArrayList<>();
        if (!Files.exists(index)) {
            return samples;
        }
        try {
            for (JsonNode entry : JSON.readTree(Files.readString(index))) {
                Map<String, Double> scores = new TreeMap<>();
                entry.path("scores")
                        .properties()
                        .forEach(score ->
                                scores.put(score.getKey(), score.getValue().asDouble()));
                Map<String, String> notes = new TreeMap<>();
                entry.path("notes")
                        .properties()
                        .forEach(
                                note -> notes.put(note.getKey(), note.getValue().asString()));
                samples.add(new KeptSample(
                        entry.path("prompt").asString(),
                        entry.path("seed").asLong(),
                        scores,
                        notes,
                        ByteString.copyFrom(Files.readAllBytes(
                                directory.resolve(entry.path("file").asString())))));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + directory + ": " + e.getMessage(), e);
        }
        return samples;
    }
}
