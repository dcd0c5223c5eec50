package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

    private static final String STEM = "diffusion_pytorch_model";
    private static final AutoencoderKlConfig CONFIG =
            new AutoencoderKlConfig(3, 3, java.util.List.of(4, 8), 1, 3, 4, 16, 1, 0, false, false, false);

    private final Compute compute = Compute.on(Device.cpu());
    private final Path folder;

    CheckpointTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void shardsAreOneCheckpoint() throws IOException {
        try (AutoencoderKl vae = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1)) {
            Map<String, Tensor> first = new LinkedHashMap<>();
            Map<String, Tensor> second = new LinkedHashMap<>();
            vae.state().forEach((name, tensor) -> (name.startsWith("encoder") ? first : second).put(name, tensor));
            Safetensors.write(folder.resolve("one.safetensors"), first, Map.of());
            Safetensors.write(folder.resolve("two.safetensors"), second, Map.of());
            Map<String, String> shards = new LinkedHashMap<>();
            first.keySet().forEach(name -> shards.put(name, "one.safetensors"));
            second.keySet().forEach(name -> shards.put(name, "two.safetensors"));
            writeIndex(shards);
            try (AutoencoderKl loaded = load()) {
                assertThat(values(loaded)).isEqualTo(values(vae));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../one.safetensors", "/etc/passwd", "a\\\\b.safetensors", "one.bin"})
    void anIndexNeverLeadsOutOfItsDirectory(String shard) throws IOException {
        writeIndex(Map.of("some", shard));
        assertThatThrownBy(this::load).isInstanceOf(InputException.class).hasMessageContaining("weight_map");
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT16", "BFLOAT16", "FLOAT64"})
    void otherFloatingTypesBecomeFloat32(DType dtype) {
        try (AutoencoderKl vae = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1)) {
            save(vae, tensor -> tensor.to(dtype));
            try (AutoencoderKl loaded = load()) {
                assertThat(loaded.parameters().values())
                        .allSatisfy(tensor -> assertThat(tensor.dtype()).isEqualTo(DType.FLOAT32));
                assertThat(Golden.maxDifference(values(loaded), values(vae))).isLessThan(0.01);
            }
        }
    }

    @Test
    void integersAreNoWeights() {
        try (AutoencoderKl vae = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1)) {
            save(vae, tensor -> tensor.to(DType.INT32));
        }
        assertThatThrownBy(this::load)
                .isInstanceOf(InputException.class)
                .hasMessageContaining("encoder.conv_in.weight")
                .hasMessageContaining("INT32");
    }

    private void save(AutoencoderKl vae, UnaryOperator<Tensor> change) {
        compute.inference(() -> {
            Map<String, Tensor> changed = new LinkedHashMap<>();
            vae.state().forEach((name, tensor) -> changed.put(name, change.apply(tensor)));
            Checkpoint.save(folder, STEM, changed);
            return true;
        });
    }

    private AutoencoderKl load() {
        return Checkpoint.load(
                folder, STEM, WeightOptions.on(Device.cpu()), source -> AutoencoderKl.build(CONFIG, source));
    }

    private float[] values(AutoencoderKl vae) {
        Tensor weight = vae.parameters().get("decoder.conv_in.weight");
        assertThat(weight).isNotNull();
        return weight == null ? new float[0] : compute.inference(weight::toFloats);
    }

    private void writeIndex(Map<String, String> weightMap) throws IOException {
        String entries = weightMap.entrySet().stream()
                .map(entry -> "\"" + entry.getKey() + "\": \"" + entry.getValue() + "\"")
                .collect(Collectors.joining(", "));
        Files.writeString(folder.resolve(STEM + ".safetensors.index.json"), "{\"weight_map\": {" + entries + "}}");
    }
}
