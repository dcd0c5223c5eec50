package dev.flowguard.models;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
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
    private static final String SOME = "decoder.conv_in.weight";
    private static final AutoencoderKlConfig CONFIG =
            new AutoencoderKlConfig(3, 3, List.of(4, 8), 1, 3, 4, 16, 1, 0, false, false, false);

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

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
    void everyFileLoadsIntoEveryType(DType computed) {
        try (AutoencoderKl vae = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1)) {
            for (DType stored : List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16)) {
                save(vae, tensor -> tensor.to(stored));
                try (AutoencoderKl loaded = load(new WeightOptions(Device.cpu(), computed, null))) {
                    assertThat(loaded.dtype()).isEqualTo(computed);
                    assertThat(loaded.state().values())
                            .allSatisfy(tensor -> assertThat(tensor.dtype()).isEqualTo(computed));
                    Tensor weight = vae.parameters().get(SOME);
                    float[] twiceRounded = compute.inference(
                            () -> requireNonNull(weight).to(stored).to(computed).toFloats());
                    assertThat(values(loaded)).isEqualTo(twiceRounded);
                }
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

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT32", "BFLOAT16"})
    void aLargeCheckpointIsMappedAndComputesTheSame(DType type) {
        try (AutoencoderKl vae = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1)) {
            save(vae, tensor -> tensor.to(type));
        }
        WeightOptions options = new WeightOptions(Device.cpu(), type, null);
        try (AutoencoderKl copied = load(options);
                AutoencoderKl mapped =
                        Checkpoint.load(folder, STEM, options, 1, source -> AutoencoderKl.build(CONFIG, source))) {
            compute.inference(() -> {
                Tensor latents = Noise.standardNormal(Device.cpu(), 1, 2, 1, 3, 4, 4);
                assertThat(mapped.decode(latents).toFloats())
                        .isEqualTo(copied.decode(latents).toFloats());
                Tensor weight = requireNonNull(mapped.parameters().get(SOME));
                assertThatThrownBy(() -> weight.assign(weight.mul(2))).hasMessageContaining("mapped file");
                return true;
            });
        }
    }

    @Test
    void allThatIsWrongIsSaidAtOnce() {
        try (AutoencoderKl vae = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1)) {
            Map<String, Tensor> changed = new LinkedHashMap<>(vae.state());
            changed.remove("encoder.conv_in.bias");
            Tensor weight = requireNonNull(changed.remove(SOME));
            changed.put("stranger", weight);
            compute.inference(() -> {
                changed.put(SOME, weight.slice(0, 0, 2));
                Checkpoint.save(folder, STEM, changed);
                return true;
            });
        }
        assertThatThrownBy(this::load)
                .isInstanceOf(InputException.class)
                .hasMessageContaining("tensor 'encoder.conv_in.bias' of shape [4] is missing")
                .hasMessageContaining("tensor '" + SOME + "' has shape [2, 3, 3, 3] but [8, 3, 3, 3] is expected")
                .hasMessageContaining("tensor 'stranger' belongs to no part of this network")
                .message()
                .doesNotContain("\n");
    }

    @Test
    void aLongListOfComplaintsIsCut() {
        try (AutoencoderKl vae = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1)) {
            Map<String, Tensor> renamed = new LinkedHashMap<>();
            vae.state().forEach((name, tensor) -> renamed.put("model." + name, tensor));
            Checkpoint.save(folder, STEM, renamed);
            int more = 2 * renamed.size() - 10;
            assertThatThrownBy(this::load)
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("; and " + more + " more: do this file");
        }
    }

    @Test
    void theVariantIsPreferredAndThePlainFileTakenWhereThereIsNone() {
        WeightOptions fp16 = new WeightOptions(Device.cpu(), DType.FLOAT32, "fp16");
        try (AutoencoderKl plain = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1);
                AutoencoderKl variant = AutoencoderKl.initialize(CONFIG, Device.cpu(), 2)) {
            Checkpoint.save(folder, STEM, plain.state());
            try (AutoencoderKl loaded = load(fp16)) {
                assertThat(values(loaded)).isEqualTo(values(plain));
            }
            Checkpoint.save(folder, STEM + ".fp16", variant.state());
            try (AutoencoderKl loaded = load(fp16)) {
                assertThat(values(loaded)).isEqualTo(values(variant));
            }
            try (AutoencoderKl loaded = load()) {
                assertThat(values(loaded)).isEqualTo(values(plain));
            }
        }
    }

    @Test
    void anIndexOfAVariantIsFound() throws IOException {
        try (AutoencoderKl vae = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1)) {
            Checkpoint.save(folder, "part", vae.state());
            Map<String, String> shards = new LinkedHashMap<>();
            vae.state().keySet().forEach(name -> shards.put(name, "part.safetensors"));
            writeIndex(shards);
            Files.move(
                    folder.resolve(STEM + ".safetensors.index.json"),
                    folder.resolve(STEM + ".safetensors.index.bf16.json"));
            try (AutoencoderKl loaded = load(new WeightOptions(Device.cpu(), DType.FLOAT32, "bf16"))) {
                assertThat(values(loaded)).isEqualTo(values(vae));
            }
        }
    }

    @Test
    void anIndexAndItsShardsMustAgree() throws IOException {
        try (AutoencoderKl vae = AutoencoderKl.initialize(CONFIG, Device.cpu(), 1)) {
            Checkpoint.save(folder, "part", vae.state());
        }
        writeIndex(Map.of(SOME, "gone.safetensors"));
        assertThatThrownBy(this::load)
                .isInstanceOf(InputException.class)
                .hasMessageContaining("'gone.safetensors', which is missing");
        writeIndex(Map.of("stranger", "part.safetensors"));
        assertThatThrownBy(this::load)
                .isInstanceOf(InputException.class)
                .hasMessageContaining("says that 'part.safetensors' holds tensor 'stranger', but it does not");
        writeIndex(Map.of(SOME, "part.safetensors"));
        assertThatThrownBy(this::load).isInstanceOf(InputException.class).hasMessageContaining("lacks tensor '");
    }

    @Test
    void aPickleIsNeverRead() throws IOException {
        Files.writeString(folder.resolve(STEM + ".bin"), "PK");
        assertThatThrownBy(this::load)
                .isInstanceOf(InputException.class)
                .hasMessageContaining("is a pickle")
                .hasMessageContaining("safe_serialization=True");
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
        return load(WeightOptions.on(Device.cpu()));
    }

    private AutoencoderKl load(WeightOptions options) {
        return Checkpoint.load(folder, STEM, options, source -> AutoencoderKl.build(CONFIG, source));
    }

    private float[] values(AutoencoderKl vae) {
        Tensor weight = vae.parameters().get(SOME);
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
