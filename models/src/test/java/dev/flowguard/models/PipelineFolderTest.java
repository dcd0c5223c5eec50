package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PipelineFolderTest {

    private final Path folder;

    PipelineFolderTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void namesClassAndComponents() throws IOException {
        write("model_index.json", """
                {"_class_name": "FluxPipeline", "vae": ["diffusers", "AutoencoderKL"], "image_encoder": [null, null]}""");
        PipelineFolder found = PipelineFolder.open(folder);
        assertThat(found.className()).isEqualTo("FluxPipeline");
        assertThat(found.has("vae")).isTrue();
        assertThat(found.has("image_encoder")).isFalse();
        assertThat(found.has("text_encoder_3")).isFalse();
        assertThat(found.component("vae")).isEqualTo(folder.resolve("vae"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "model.safetensors            ~    ~ model.safetensors is a single-file checkpoint",
                "flux1-dev.gguf               ~    ~ flux1-dev.gguf is a single-file checkpoint",
                "v1.ckpt                      ~    ~ v1.ckpt is a pickle",
                "adapter_config.json          ~ {} ~ it is a LoRA",
                "pytorch_lora_weights.safetensors ~ ~ it is a LoRA",
                "config.json ~ {\"_class_name\": \"AutoencoderKL\"} ~ it is a AutoencoderKL, one component",
                "config.json ~ {\"architectures\": [\"T5EncoderModel\"]} ~ it is a T5EncoderModel of transformers",
                "config.json ~ {\"model_type\": \"llama\"} ~ it is a llama of transformers",
                "scheduler_config.json        ~ {} ~ it is one component of a pipeline",
                "sd35/model_index.json        ~ {} ~ sd35 is one: give that folder",
                "snapshots/abc/model_index.json ~ {} ~ abc is one: give that folder",
                "README.md                    ~    ~ it has no model_index.json, only README.md",
            })
    void saysWhatWasFoundInstead(String file, String content, String complaint) throws IOException {
        write(file, content == null ? "" : content);
        requireRefused(folder, complaint);
    }

    @Test
    void saysWhatWasFoundInsteadOfAFolder() throws IOException {
        requireRefused(folder, "the folder is empty");
        requireRefused(folder.resolve("absent"), "there is no such folder");
        write("sd3.safetensors", "");
        requireRefused(folder.resolve("sd3.safetensors"), "sd3.safetensors is a single-file checkpoint");
    }

    @Test
    void aComponentPointsToItsPipeline() throws IOException {
        write("model_index.json", "{}");
        write("vae/config.json", "{\"_class_name\": \"AutoencoderKL\"}");
        requireRefused(folder.resolve("vae"), "give " + folder.toAbsolutePath());
    }

    @Test
    void anotherPipelineClassIsNamed() throws IOException {
        write("model_index.json", "{\"_class_name\": \"StableDiffusionXLPipeline\"}");
        assertThatThrownBy(() -> FlowPipeline.load(folder, LoadOptions.on(Device.cpu())))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("'StableDiffusionXLPipeline'")
                .hasMessageContaining("StableDiffusion3Pipeline");
    }

    private void requireRefused(Path path, String complaint) {
        assertThatThrownBy(() -> PipelineFolder.open(path))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(path + " is no diffusers pipeline: ")
                .hasMessageContaining(complaint)
                .message()
                .doesNotContain("\n");
    }

    private void write(String file, String content) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
    }
}
