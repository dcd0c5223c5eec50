package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code flowguard parity} with references that tools/parity/make_reference.py wrote of the goldens' pipelines. */
class ParityCommandTest {

    private static final Path PIPELINES = Path.of("../models/src/test/resources/parity");
    private static final Path SD35 = PIPELINES.resolve("sd35/medium/pipeline");
    private static final Path FLUX = PIPELINES.resolve("flux/dev/pipeline");
    private static final Path SD35_REFERENCE = Path.of("src/test/resources/parity/sd35-medium.safetensors");
    private static final Path FLUX_REFERENCE = Path.of("src/test/resources/parity/flux-dev.safetensors");

    private final Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    ParityCommandTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void everyComponentOfStableDiffusion35AgreesWithDiffusers() throws IOException {
        Path json = folder.resolve("parity.json");

        assertThat(parity(SD35, SD35_REFERENCE, "--json", json.toString()))
                .as(err.toString())
                .isZero();
        assertThat(out.toString())
                .contains(
                        "transformer/out/sample",
                        "vae/out/sample",
                        "vae.encode/out/sample",
                        "text_encoder/out/text_embeds")
                .contains("text_encoder_2/out/hidden_states.-2", "text_encoder_3/out/last_hidden_state")
                .contains("transformer/grad/transformer_blocks.0.attn2.to_q.weight")
                .contains("entries agree")
                .doesNotContain("FAIL");
        assertThat(Files.readString(json)).contains("\"passed\" : true", "vae.encode/grad/encoder.conv_in.weight");
    }

    @Test
    void everyComponentOfFluxAgreesWithDiffusers() {
        assertThat(parity(FLUX, FLUX_REFERENCE)).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("transformer/out/sample", "transformer/grad/x_embedder.weight", "vae/out/sample")
                .contains("text_encoder/out/pooler_output", "text_encoder/grad/embeddings.token_embedding.weight")
                .contains("text_encoder_2/out/last_hidden_state");
    }

    @ParameterizedTest
    @CsvSource({
        "vae/out/sample,                             0.001",
        "transformer/grad/proj_out.weight,           0.01",
        "transformer/out/sample,                     NaN"
    })
    void whatDiffersIsNamedAndEndsWithOne(String entry, double difference) {
        Path reference = edited(tensors -> tensors.computeIfPresent(entry, (name, tensor) -> tensor.add(difference)));

        assertThat(parity(SD35, reference)).isEqualTo(1);
        assertThat(out.toString().lines().filter(line -> line.endsWith("FAIL")))
                .singleElement()
                .asString()
                .startsWith(entry);
        assertThat(out.toString()).contains("1 of 3");
    }

    @Test
    void theToleranceAndTheComponentsAreTheCallers() {
        Path reference =
                edited(tensors -> tensors.computeIfPresent("vae/out/sample", (name, tensor) -> tensor.add(.01)));

        assertThat(parity(SD35, reference, "--tolerance", "0.1")).isZero();
        assertThat(parity(SD35, reference, "--component", "text_encoder", "--component", "vae.encode"))
                .isZero();
        assertThat(parity(SD35, reference, "--component", "vae")).isEqualTo(1);
    }

    @Test
    void integersAreRealNumbersToo() {
        Path whole = edited(tensors -> {
            tensors.keySet().removeIf(name -> !name.startsWith("transformer") || name.contains("/grad/"));
            tensors.put("transformer/in/timestep", Tensor.ofLongs(Device.cpu(), new long[] {500, 20}, 2));
        });
        assertThat(parity(SD35, whole)).isEqualTo(1);
        assertThat(out.toString()).contains("transformer/out/sample");
    }

    @Test
    void anOutputWithoutGradientsIsEnough() {
        Path reference = edited(tensors ->
                tensors.keySet().removeIf(name -> !name.startsWith("transformer") || name.contains("/grad/")));

        assertThat(parity(SD35, reference)).isZero();
        assertThat(out.toString()).contains("all 1 entries agree");
    }

    /** Each is refused with one line that names the entry and what is expected, before or after weights are read. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            rename | transformer/in/timestep         | transformer/in/timesteps        | did you mean 'timestep'
            rename | vae/out/sample                  | vae/out/samples                 | did you mean 'sample'
            rename | vae/out/sample                  | transfromer/out/sample          | transfromer
            rename | vae/out/sample                  | vae.decode/out/sample           | vae.encode
            rename | vae/out/sample                  | vae_out_sample                  | COMPONENT/out/NAME
            rename | vae/grad/decoder.conv_in.bias   | vae/grad/decoder.conv_inn.bias  | decoder.conv_in.bias
            remove | transformer/in/timestep         | -                               | timestep is missing
            remove | text_encoder/in/input_ids       | -                               | input_ids is missing
            slice  | transformer/in/timestep         | -                               | transformer/in/timestep has shape [1]
            slice  | vae/out/sample                  | -                               | vae/out/sample has shape [1
            slice  | transformer/grad/proj_out.bias  | -                               | transformer/grad/proj_out.bias has shape
            add    | text_encoder/in/input_ids       | -                               | must be from 0 to
            float  | text_encoder/in/input_ids       | -                               | integers are expected
            bool   | vae/in/sample                   | -                               | numbers are expected
            odd    | transformer/in/hidden_states    | -                               | multiples of
            """)
    void badEntriesAreRefused(String edit, String entry, String name, String complaint) {
        Path reference = edited(tensors -> {
            Tensor tensor = tensors.remove(entry);
            switch (edit) {
                case "rename" -> tensors.put(name, tensor);
                case "slice" -> tensors.put(entry, tensor.slice(0, 0, 1));
                case "add" -> tensors.put(entry, tensor.add(100_000));
                case "float" -> tensors.put(entry, tensor.to(DType.FLOAT32));
                case "bool" -> tensors.put(entry, tensor.gt(0));
                case "odd" -> tensors.put(entry, tensor.slice(3, 0, 3));
                default -> assertThat(edit).isEqualTo("remove");
            }
        });

        assertThat(parity(SD35, reference)).isEqualTo(2);
        assertThat(err.toString()).contains(complaint).hasLineCount(1);
    }

    @Test
    void nothingToCompareIsRefused() {
        Path inputsOnly = edited(tensors -> tensors.keySet().removeIf(name -> !name.startsWith("vae/in/")));
        assertThat(parity(SD35, inputsOnly)).isEqualTo(2);
        assertThat(err.toString()).contains("nothing to compare");

        Path empty = edited(Map::clear);
        assertThat(parity(SD35, empty)).isEqualTo(2);
        assertThat(err.toString()).contains("holds no tensors");
    }

    @Test
    void whatIsNoReferenceOrNoPipelineIsRefused() throws IOException {
        Path text = Files.writeString(folder.resolve("reference.safetensors"), "these are no tensors");
        assertThat(parity(SD35, text)).isEqualTo(2);
        assertThat(parity(SD35, folder.resolve("missing.safetensors"))).isEqualTo(2);
        assertThat(parity(folder, SD35_REFERENCE)).isEqualTo(2);
        assertThat(parity(SD35, SD35_REFERENCE, "--component", "unet")).isEqualTo(2);
        assertThat(parity(SD35, SD35_REFERENCE, "--tolerance", "0")).isEqualTo(2);
        assertThat(parity(SD35, SD35_REFERENCE, "--device", "tpu")).isEqualTo(2);
        assertThat(err.toString())
                .contains("reference.safetensors", "missing.safetensors", "no diffusers pipeline", "'unet'")
                .contains("--tolerance", "'tpu'")
                .hasLineCount(6);
    }

    private int parity(Path pipeline, Path reference, String... options) {
        String[] arguments = new String[options.length + 3];
        arguments[0] = "parity";
        arguments[1] = pipeline.toString();
        arguments[2] = reference.toString();
        System.arraycopy(options, 0, arguments, 3, options.length);
        return Main.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
                .execute(arguments);
    }

    /** The reference of Stable Diffusion 3.5 with a change. */
    private Path edited(Consumer<Map<String, Tensor>> change) {
        try (SafetensorsFile file = SafetensorsFile.open(SD35_REFERENCE);
                Scope scope = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            file.names().forEach(name -> tensors.put(name, file.read(name, Device.cpu())));
            change.accept(tensors);
            Path path = folder.resolve("edited.safetensors");
            Safetensors.write(path, tensors, Map.of());
            return path;
        }
    }
}
