package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class AdapterFilesTest {

    private static final LoraConfig CONFIG =
            new LoraConfig(2, 5.5, List.of("attn.to_q", "ff.net.2"), LoraInitialization.KAIMING);

    private final Compute compute = Compute.on(Device.cpu());
    private final Path folder;

    AdapterFilesTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void whatIsWrittenIsRead() {
        try (StableDiffusion3Pipeline pipeline = TinyPipeline.create(1);
                LoraAdapter adapter = pipeline.transformer().attachAdapter(CONFIG, 1)) {
            AdapterFiles.write(folder, CONFIG, adapter.parameters(), "base");
            assertThat(PeftConfig.read(folder.resolve(PeftConfig.FILE)).lora()).isEqualTo(CONFIG);
            compute.inference(() -> {
                assertThat(adapter.load(AdapterFiles.read(folder, Device.cpu()).tensors()))
                        .isEqualTo(adapter.modules());
                return true;
            });
        }
    }

    // INVARIANT: the diffusers file states alpha, or diffusers would assume a scale of 1.
    @Test
    void theDiffusersFileStatesRankAndAlpha() {
        try (StableDiffusion3Pipeline pipeline = TinyPipeline.create(1);
                LoraAdapter adapter = pipeline.transformer().attachAdapter(CONFIG, 1)) {
            AdapterFiles.write(folder, CONFIG, adapter.parameters(), "base");
        }
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("pytorch_lora_weights.safetensors"))) {
            JsonNode metadata = new JsonMapper().readTree(file.metadata().get("lora_adapter_metadata"));
            assertThat(metadata.path("transformer.r").asInt()).isEqualTo(2);
            assertThat(metadata.path("transformer.lora_alpha").asDouble()).isEqualTo(5.5);
            assertThat(metadata.path("transformer.target_modules").size()).isEqualTo(2);
            assertThat(file.names())
                    .allSatisfy(name -> assertThat(name).startsWith("transformer.transformer_blocks."))
                    .contains("transformer.transformer_blocks.0.attn.to_q.lora_A.weight");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"peft_type\": \"IA3\"}                                             ; peft_type",
                "{\"r\": 0, \"target_modules\": [\"x\"]}                              ; r must be from 1",
                "{\"r\": 5000, \"target_modules\": [\"x\"]}                           ; rank",
                "{\"lora_alpha\": -1, \"target_modules\": [\"x\"]}                    ; alpha",
                "{\"use_dora\": true, \"target_modules\": [\"x\"]}                    ; use_dora",
                "{\"use_rslora\": true, \"target_modules\": [\"x\"]}                  ; use_rslora",
                "{\"rank_pattern\": {\"x\": \"2\"}, \"target_modules\": [\"x\"]}      ; rank_pattern.x",
                "{\"alpha_pattern\": [3], \"target_modules\": [\"x\"]}               ; alpha_pattern",
                "{\"rank_pattern\": {\"(x\": 2}, \"target_modules\": \"all-linear\"}  ; look-around",
                "{\"exclude_modules\": [\"y\"], \"target_modules\": [\"x\"]}         ; exclude_modules",
                "{\"init_lora_weights\": \"pissa\", \"target_modules\": [\"x\"]}      ; pissa",
                "{\"bias\": \"all\", \"target_modules\": [\"x\"]}                     ; bias",
                "{\"r\": 2}                                                           ; target_modules",
                "{\"r\": 2, \"target_modules\": [3]}                                  ; target_modules",
            })
    void refusesWhatItDoesNotSupportByName(String json, String complaint) throws IOException {
        Files.writeString(folder.resolve("adapter_config.json"), json);
        assertThatThrownBy(
                        () -> PeftConfig.read(folder.resolve(PeftConfig.FILE)).lora())
                .isInstanceOf(InputException.class)
                .hasMessageContaining(complaint);
    }
}
