package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.learner.recipe.Overrides;
import dev.flowguard.learner.recipe.Recipe;
import dev.flowguard.learner.recipe.RecipeLoader;
import dev.flowguard.models.FlowPipeline;
import dev.flowguard.models.LoadOptions;
import dev.flowguard.models.LoraAdapter;
import dev.flowguard.models.LoraConfig;
import dev.flowguard.models.PngImage;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SampleAndExportTest {

    private static final Path RECIPE = Path.of("../recipes/quickstart.yaml");
    private static final Path MODEL = Path.of("../recipes/quickstart/model");
    private static final String CARE = "a sign saying \"CARE\"";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Path folder;

    SampleAndExportTest(@TempDir Path folder) {
        this.folder = folder;
    }

    // INVARIANT: the same settings draw the same bytes, whatever else is drawn along.
    @Test
    void theSameSeedDrawsTheSameBytes() throws IOException {
        sample("--seed", "5", "--output", folder.resolve("one.png").toString());
        sample("--seed", "4", "-n", "2", "--output", folder.resolve("two").toString());
        byte[] png = Files.readAllBytes(folder.resolve("one.png"));
        assertThat(folder.resolve("two/00001-5.png")).hasBinaryContent(png);
        assertThat(Files.readAllBytes(folder.resolve("two/00000-4.png"))).isNotEqualTo(png);

        Map<String, String> texts = PngImage.texts(png);
        assertThat(texts.get("parameters"))
                .startsWith(CARE + "\nSteps: 8, Sampler: Euler")
                .contains("Seed: 5, Size: 64x32");
        JsonNode json = new JsonMapper().readTree(texts.get("flowguard"));
        assertThat(json.path("prompt").asString()).isEqualTo(CARE);
        assertThat(json.path("pipeline_sha256").asString()).hasSize(64);
        assertThat(json.has("adapter")).isFalse();
    }

    @Test
    void picturesOfAFolderAreNeverOverwritten() throws IOException {
        String samples = folder.resolve("samples").toString();
        sample("--output", samples);
        sample("--output", samples, "--grid", "-n", "2");
        assertThat(folder.resolve("samples/00000-0.png")).exists();
        JsonNode sheet = new JsonMapper()
                .readTree(PngImage.texts(Files.readAllBytes(folder.resolve("samples/00001-grid.png")))
                        .get("flowguard"));
        assertThat(sheet.size()).isEqualTo(2);
        assertThat(sheet.get(1).path("seed").asLong()).isEqualTo(1);
    }

    // A run that was killed has checkpoints and no adapter/: it is exported and drawn with all the same.
    @Test
    void aKilledRunIsExportedInEveryFormatAndDrawsTheSame() throws IOException {
        Path run = killedRun();
        sample("--output", folder.resolve("base.png").toString());
        run("sample", run.toString(), "--prompt", CARE, "--output", png("run"));
        float[] byRun = pixels(folder.resolve("run.png"));
        assertThat(byRun).isNotEqualTo(pixels(folder.resolve("base.png")));
        for (String format : List.of("peft", "diffusers", "kohya")) {
            String exported = folder.resolve(format).toString();
            run("export", run.toString(), "--format", format, "--output", exported);
            sample("--adapter", exported, "--output", png(format + "-drawn"));
            assertThat(difference(pixels(folder.resolve(format + "-drawn.png")), byRun))
                    .as(format)
                    .isLessThan(2 / 255f);
        }
        assertThat(folder.resolve("kohya/kohya.safetensors")).exists();
        sample("--adapter", run.toString(), "--adapter-scale", "0", "--output", png("off"));
        assertThat(pixels(folder.resolve("off.png"))).isEqualTo(pixels(folder.resolve("base.png")));
        assertThat(out.toString()).contains("load_lora_weights", "models/loras");
    }

    @Test
    void theAverageAndACheckpointAreExportedToo() throws IOException {
        Path run = killedRun();
        run("export", run.toString(), "--format", "peft", "--ema", "--output", path("ema"));
        run("export", run + "/checkpoints/000002", "--format", "peft", "--output", path("policy"));
        assertThat(Files.readAllBytes(folder.resolve("ema/adapter_model.safetensors")))
                .isNotEqualTo(Files.readAllBytes(folder.resolve("policy/adapter_model.safetensors")));
        run("export", path("policy"), "--format", "kohya", "--dtype", "bf16", "--output", path("again"));
        assertThat(folder.resolve("again/again.safetensors")).exists();
        refused("no moving average", "export", path("policy"), "--format", "peft", "--ema", "--output", path("x"));
        refused("not empty", "export", run.toString(), "--format", "peft", "--output", path("ema"));
        refused("did you mean 'diffusers'", "export", run.toString(), "--format", "difuser", "--output", path("x"));
        refused("no type", "export", run.toString(), "--format", "peft", "--dtype", "int8", "--output", path("x"));
        assertThat(folder.resolve("x")).doesNotExist();
    }

    @Test
    void aTruncatedCheckpointIsRefused() throws IOException {
        Path run = killedRun();
        Path weights = run.resolve("checkpoints/000002/adapter.safetensors");
        Files.write(weights, Arrays.copyOf(Files.readAllBytes(weights), 5_000));
        refused("adapter.safetensors", "export", run.toString(), "--format", "peft", "--output", path("x"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nothing to draw|sample MODEL",
                "no such file|sample MODEL --prompt x --adapter FOLDER/none.safetensors",
                "holds no prompt|sample MODEL --prompt-file FOLDER/empty.txt",
                "cannot be read|sample MODEL --prompt-file FOLDER/absent.txt",
                "one file for 3|sample MODEL --prompt x -n 3 --output FOLDER/x.png",
                "no folder|sample MODEL --prompt x --output FOLDER/empty.txt",
                "multiples of|sample MODEL --prompt x --height 33 --output FOLDER/x.png",
                "0 steps|sample MODEL --prompt x --steps 0 --output FOLDER/x.png",
                "adapter-scale|sample MODEL --prompt x --adapter-scale -1",
                "no diffusers pipeline|sample FOLDER --prompt x",
                "holds no adapter|export FOLDER --format peft --output FOLDER/x",
            })
    void whatCannotBeIsSaidInOneLine(String line) throws IOException {
        Files.writeString(folder.resolve("empty.txt"), "\n");
        String[] parts = line.split("\\|", -1);
        String[] arguments = Arrays.stream(parts[1].split(" ", -1))
                .map(word -> word.replace("MODEL", MODEL.toString()).replace("FOLDER", folder.toString()))
                .toArray(String[]::new);
        refused(parts[0], arguments);
    }

    @Test
    void anAdapterOfAnotherModelIsRefused() {
        refused(
                "trained on another model",
                "sample",
                MODEL.toString(),
                "--prompt",
                CARE,
                "--adapter",
                "../models/src/test/resources/parity/from-java/adapter",
                "--output",
                png("x"));
        assertThat(folder.resolve("x.png")).doesNotExist();
    }

    /** A run after two iterations as a kill leaves it; the adapters are noise. */
    private Path killedRun() throws IOException {
        Path run = folder.resolve("killed");
        Recipe recipe = RecipeLoader.load(RECIPE, Overrides.none());
        Path checkpoint = Files.createDirectories(run.resolve("checkpoints/000002"));
        Files.writeString(run.resolve("recipe.yaml"), RecipeLoader.toYaml(recipe));
        Files.writeString(checkpoint.resolve("state.json"), "{}");
        Files.createDirectories(run.resolve("checkpoints/.000003.tmp"));
        LoraConfig config = recipe.adapter().toLoraConfig();
        try (FlowPipeline pipeline = FlowPipeline.load(MODEL, LoadOptions.on(Device.cpu()));
                LoraAdapter adapter = pipeline.transformer().attachAdapter(config, 1);
                Scope scope = Scope.open()) {
            write(adapter, checkpoint.resolve("adapter.safetensors"), 1);
            write(adapter, checkpoint.resolve("adapter-ema.safetensors"), 2);
        }
        return run;
    }

    private static void write(LoraAdapter adapter, Path file, long seed) {
        long stream = 0;
        for (Tensor parameter : adapter.parameters().values()) {
            parameter.assign(Noise.standardNormal(Device.cpu(), seed, stream++, parameter.shape())
                    .mul(0.1));
        }
        Safetensors.write(file, adapter.parameters(), Map.of("format", "pt"));
    }

    private void sample(String... arguments) {
        List<String> all = new ArrayList<>(List.of("sample", MODEL.toString(), "--prompt", CARE));
        all.addAll(List.of(arguments));
        run(all.toArray(String[]::new));
    }

    private void run(String... arguments) {
        assertThat(execute(arguments)).as(err.toString()).isZero();
    }

    private void refused(String complaint, String... arguments) {
        err.getBuffer().setLength(0);
        assertThat(execute(arguments)).as(err.toString()).isEqualTo(2);
        assertThat(err.toString().strip()).contains(complaint).hasLineCount(1);
    }

    private int execute(String... arguments) {
        return Main.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
                .execute(arguments);
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private String png(String name) {
        return path(name + ".png");
    }

    private static float[] pixels(Path png) throws IOException {
        try (Scope scope = Scope.open()) {
            return PngImage.decode(Device.cpu(), Files.readAllBytes(png)).toFloats();
        }
    }

    private static float difference(float[] a, float[] b) {
        float largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }
}
