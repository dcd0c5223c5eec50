package dev.flowguard.cli.sample;

import dev.flowguard.tensor.AtomicFile;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * How a model is best drawn with: {@code sample_defaults.json} in a pipeline's folder, which diffusers passes over. Models
 * that were made for one odd size, such as the quickstart's, say so there.
 *
 * @param height in pixels
 * @param width in pixels
 * @param numInferenceSteps of the ODE
 * @param guidanceScale 1 for none
 */
public record SampleDefaults(int height, int width, int numInferenceSteps, double guidanceScale) {

    /** What diffusers' pipelines take, whatever the model: 28 steps, and a square of a megapixel. */
    private static final SampleDefaults OTHERWISE = new SampleDefaults(1024, 1024, 28, 4.5);

    private static final String FILE = "sample_defaults.json";
    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    /**
     * Those of a pipeline, or diffusers' where it has none.
     *
     * @throws InputException if its file cannot be read
     */
    static SampleDefaults of(Path pipeline) {
        Path file = pipeline.resolve(FILE);
        if (!Files.isRegularFile(file)) {
            return OTHERWISE;
        }
        try {
            return JSON.readValue(Files.readAllBytes(file), SampleDefaults.class);
        } catch (IOException | JacksonException e) {
            throw new InputException(file + " cannot be read (" + e.getMessage() + "): mend or delete it", e);
        }
    }

    /** Writes them into a pipeline's folder. */
    public void write(Path pipeline) {
        AtomicFile.write(pipeline.resolve(FILE), JSON.writeValueAsString(this) + "\n");
    }
}
