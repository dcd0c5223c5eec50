package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineDigestTest {

    private final Path pipeline;

    PipelineDigestTest(@TempDir Path pipeline) {
        this.pipeline = pipeline;
    }

    @Test
    void readsTheShardsInTheOrderOfTheirNames() throws IOException, NoSuchAlgorithmException {
        write("model-00002.safetensors", "second");
        write("model-00001.safetensors", "first ");
        write("config.json", "{}");

        assertThat(PipelineDigest.ofTransformer(pipeline))
                .isEqualTo(
                        MessageDigest.getInstance("SHA-256").digest("first second".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aChangedByteChangesIt() throws IOException {
        write("model.safetensors", "weights");
        byte[] before = PipelineDigest.ofTransformer(pipeline);
        write("model.safetensors", "weightS");

        assertThat(PipelineDigest.ofTransformer(pipeline)).isNotEqualTo(before);
    }

    @Test
    void saysWhereWeightsAreMissing() {
        assertThatThrownBy(() -> PipelineDigest.ofTransformer(pipeline))
                .isInstanceOf(InputException.class)
                .hasMessage(pipeline.resolve("transformer")
                        + " holds no *.safetensors: give a diffusers pipeline directory");
    }

    private void write(String name, String content) throws IOException {
        Path folder = Files.createDirectories(pipeline.resolve("transformer"));
        Files.writeString(folder.resolve(name), content);
    }
}
