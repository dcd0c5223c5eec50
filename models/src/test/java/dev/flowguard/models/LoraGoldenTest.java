package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LoRAs that real PEFT and diffusers wrote, and those of ours that they were shown to draw the same with. */
class LoraGoldenTest {

    private static final Path FOLDER = Golden.ROOT.resolve("lora");

    private final Compute compute = Compute.on(Device.cpu());
    private final StableDiffusion3Pipeline pipeline =
            StableDiffusion3Pipeline.load(Path.of(LoraExport.BASE), Device.cpu());

    @AfterEach
    void close() {
        pipeline.close();
    }

    @ParameterizedTest
    @CsvSource({
        "peft, golden.safetensors, velocity.peft",
        "diffusers, golden.safetensors, velocity.diffusers",
        "java/peft, java/golden.safetensors, velocity",
        "java/diffusers, java/golden.safetensors, velocity",
        "java/kohya, java/golden.safetensors, velocity",
    })
    void drawsWhatTheirLibrariesDraw(String adapter, String golden, String velocity) {
        try (LoraAdapter attached = attach(FOLDER.resolve(adapter));
                Golden expected = Golden.openAt(FOLDER.resolve(golden))) {
            assertThat(attached.modules()).isPositive();
            compute.inference(() -> {
                expected.assertClose(velocity, LoraExport.velocity(pipeline), 1e-4);
                return true;
            });
        }
    }

    private LoraAdapter attach(Path adapter) {
        try (Scope scope = Scope.open()) {
            return pipeline.transformer().adapters().attach("given", AdapterFiles.read(adapter, Device.cpu()));
        }
    }

    @Test
    void patternsOfPeftChooseTheSameLayersAndRanks() {
        try (Scope scope = Scope.open()) {
            SavedAdapter saved = AdapterFiles.read(FOLDER.resolve("peft"), Device.cpu());
            assertThat(saved.config()
                            .targets()
                            .select(pipeline.transformer().linears().keySet()))
                    .containsExactlyInAnyOrderElementsOf(
                            saved.modules().stream().map(LoraModule::path).toList());
            assertThat(saved.config().rankPattern()).containsEntry("attn.to_q", 2);
            assertThat(saved.config().alphaPattern()).containsEntry("transformer_blocks.1.attn.to_k", 9.0);
        }
    }

    @Test
    void allLinearMeansTheLayersThatPeftMeans() {
        assertThat(LoraTargets.matching("all-linear")
                        .select(pipeline.transformer().linears().keySet()))
                .containsExactlyInAnyOrderElementsOf(
                        ConfigFile.read(FOLDER.resolve("all-linear.json")).texts("modules"));
    }

    @Test
    void theCommittedFilesAreStillWhatTheCodeWrites(@TempDir Path folder) throws IOException {
        LoraExport.writeStableDiffusion(folder);
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("golden.safetensors")) {
                    assertThat(FOLDER.resolve("java")
                                    .resolve(folder.relativize(file).toString()))
                            .hasSameBinaryContentAs(file);
                }
            }
        }
    }
}
