package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The images of {@code from-java} were drawn by unmodified diffusers and PEFT, with files that this code had written. */
class JavaExportTest {

    private static final Path COMMITTED = Golden.ROOT.resolve("from-java");

    private final Compute compute = Compute.on(Device.cpu());

    @Test
    void theCommittedFilesAreStillWhatTheCodeWrites(@TempDir Path folder) throws IOException {
        JavaExport.write(folder);
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path committed = COMMITTED.resolve(folder.relativize(file).toString());
                assertThat(committed).exists().hasSameBinaryContentAs(file);
            }
        }
    }

    @Test
    void pythonDrawsTheSameImages() {
        try (StableDiffusion3Pipeline pipeline =
                        StableDiffusion3Pipeline.load(COMMITTED.resolve("pipeline"), Device.cpu());
                LoraAdapter adapter = pipeline.transformer()
                        .attachAdapter(
                                PeftConfig.read(COMMITTED.resolve("adapter").resolve(PeftConfig.FILE))
                                        .lora(),
                                0);
                Golden golden = Golden.open("from-java/golden.safetensors")) {
            compute.inference(() -> {
                adapter.load(AdapterFiles.read(COMMITTED.resolve("adapter"), Device.cpu())
                        .tensors());
                golden.assertClose("image", adapter.disabledDuring(() -> draw(pipeline, golden)), 1e-3);
                golden.assertClose("image_adapter", draw(pipeline, golden), 1e-3);
                return true;
            });
        }
    }

    private static Tensor draw(StableDiffusion3Pipeline pipeline, Golden golden) {
        List<String> prompts = Golden.prompts("from-java/golden.json");
        return pipeline.decode(Euler.sample(pipeline, golden.tensor("latents"), golden.floats("sigmas"), prompts));
    }
}
