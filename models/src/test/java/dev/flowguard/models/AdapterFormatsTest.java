package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AdapterFormatsTest {

    private static final String Q = "transformer_blocks.0.attn.to_q";
    private static final String SINGLE = "single_transformer_blocks.1.";
    private static final String BLOCK = "transformer_blocks.0.";

    private final Scope scope = Scope.open();
    private final Path folder;
    private long stream;

    AdapterFormatsTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @AfterEach
    void close() {
        scope.close();
    }

    // INVARIANT: no format changes what an adapter adds to a layer.
    @ParameterizedTest
    @EnumSource
    void everyFormatComesBackAsItWent(AdapterFormat format) {
        SavedAdapter adapter = flux();
        AdapterFiles.export(folder.resolve("out"), adapter, format, DType.FLOAT32);
        SavedAdapter read = AdapterFiles.read(folder.resolve("out"), Device.cpu());
        assertThat(deltas(read)).isEqualTo(deltas(adapter));
        if (format != AdapterFormat.KOHYA) {
            assertThat(read.config()).isEqualTo(adapter.config());
            assertThat(read.tensors().keySet())
                    .hasSameElementsAs(adapter.tensors().keySet());
        }
    }

    @Test
    void everyLayerOfAStableDiffusionHasANameInComfyUi() {
        try (StableDiffusion3Pipeline pipeline = TinyPipeline.create(1)) {
            List<LoraModule> modules = new ArrayList<>();
            pipeline.transformer()
                    .linears()
                    .forEach((path, linear) -> modules.add(module(path, 2, linear.in(), linear.out(), 4)));
            SavedAdapter adapter =
                    SavedAdapter.of(modules, Golden.ROOT.resolve("a/pipeline").toString());
            Path file = AdapterFiles.export(folder.resolve("sign"), adapter, AdapterFormat.KOHYA, DType.FLOAT32);
            assertThat(file).isEqualTo(folder.resolve("sign/sign.safetensors"));
            assertThat(deltas(AdapterFiles.read(file, Device.cpu()))).isEqualTo(deltas(adapter));
            try (SafetensorsFile opened = SafetensorsFile.open(file)) {
                assertThat(opened.names())
                        .contains("lora_unet_joint_blocks_0_x_block_attn_qkv.lora_down.weight")
                        .contains("lora_unet_joint_blocks_1_context_block_adaLN_modulation_1.alpha")
                        .contains("lora_unet_final_layer_linear.lora_up.weight");
                assertThat(opened.info("lora_unet_joint_blocks_0_x_block_attn_qkv.lora_up.weight")
                                .sizes())
                        .containsExactly(48, 6);
            }
        }
    }

    // The originals have the shift of a stream's last modulation first, diffusers its scale.
    @Test
    void theLastModulationIsTurnedRound() {
        SavedAdapter adapter = SavedAdapter.of(
                List.of(module("norm_out.linear", 1, 2, 4, 1), module(SINGLE + "norm.linear", 1, 2, 6, 1)), null);
        Path file = AdapterFiles.export(folder.resolve("out"), adapter, AdapterFormat.KOHYA, DType.FLOAT32);
        float[] b = floats(adapter, "norm_out.linear" + LoraModule.B);
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            assertThat(opened.read("lora_unet_final_layer_adaLN_modulation_1.lora_up.weight", Device.cpu())
                            .toFloats())
                    .containsExactly(b[2], b[3], b[0], b[1]);
            assertThat(opened.read("lora_unet_single_blocks_1_modulation_lin.lora_up.weight", Device.cpu())
                            .toFloats())
                    .isEqualTo(floats(adapter, SINGLE + "norm.linear" + LoraModule.B));
        }
    }

    @Test
    void aDenseFusedLayerGivesEveryPartTheWholeA() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("lora_unet_double_blocks_3_img_attn_qkv.lora_down.weight", noise(3, 2));
        tensors.put("lora_unet_double_blocks_3_img_attn_qkv.lora_up.weight", noise(6, 3));
        List<LoraModule> modules = read(tensors).modules();
        assertThat(modules)
                .extracting(LoraModule::path)
                .containsExactly(
                        "transformer_blocks.3.attn.to_q",
                        "transformer_blocks.3.attn.to_k",
                        "transformer_blocks.3.attn.to_v");
        assertThat(modules).allSatisfy(module -> {
            assertThat(module.rank()).isEqualTo(3);
            assertThat(module.scale()).as("without alpha").isEqualTo(1);
        });
    }

    @Test
    void halfPrecisionIsWrittenAndRead() {
        SavedAdapter adapter = SavedAdapter.of(List.of(module(SINGLE + "proj_out", 2, 4, 4, 3)), null);
        for (DType dtype : List.of(DType.FLOAT16, DType.BFLOAT16)) {
            for (AdapterFormat format : AdapterFormat.values()) {
                Path out = folder.resolve(format + "-" + dtype);
                AdapterFiles.export(out, adapter, format, dtype);
                SavedAdapter read = AdapterFiles.read(out, Device.cpu());
                assertThat(read.tensors().values())
                        .allSatisfy(tensor -> assertThat(tensor.dtype()).isEqualTo(dtype));
                assertThat(read.modules().get(0).scale()).isEqualTo(1.5);
            }
        }
    }

    @Test
    void aValueThatTheTypeCannotHoldIsRefused() {
        Tensor large = Tensor.full(Device.cpu(), 1e6, DType.FLOAT32, 1, 2);
        SavedAdapter adapter = SavedAdapter.of(List.of(new LoraModule(Q, large, noise(2, 1), 1)), null);
        assertThatThrownBy(() -> AdapterFiles.export(folder.resolve("out"), adapter, AdapterFormat.PEFT, DType.FLOAT16))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(Q)
                .hasMessageContaining("bfloat16");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void anAdapterOfEitherModelNeedsItsBaseModel() {
        SavedAdapter adapter = SavedAdapter.of(List.of(module(Q, 2, 4, 4, 3)), null);
        assertThatThrownBy(
                        () -> AdapterFiles.export(folder.resolve("out"), adapter, AdapterFormat.KOHYA, DType.FLOAT32))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("--base-model");
        SavedAdapter known = new SavedAdapter(
                adapter.config(),
                adapter.tensors(),
                Golden.ROOT.resolve("a/pipeline").toString());
        Path file = AdapterFiles.export(folder.resolve("out"), known, AdapterFormat.KOHYA, DType.FLOAT32);
        try (SafetensorsFile opened = SafetensorsFile.open(file)) {
            assertThat(opened.names()).contains("lora_unet_joint_blocks_0_x_block_attn_qkv.alpha");
        }
    }

    @Test
    void aLayerWithoutANameInComfyUiIsNamed() {
        SavedAdapter adapter = SavedAdapter.of(List.of(module("blocks.0.strange", 2, 4, 4, 3)), null);
        assertThatThrownBy(
                        () -> AdapterFiles.export(folder.resolve("out"), adapter, AdapterFormat.KOHYA, DType.FLOAT32))
                .hasMessageContaining("blocks.0.strange");
    }

    @Test
    void aTakenFolderIsLeftAlone() throws IOException {
        Files.writeString(folder.resolve("mine"), "mine");
        assertThatThrownBy(() -> AdapterFiles.export(folder, flux(), AdapterFormat.PEFT, DType.FLOAT32))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("not empty");
        assertThat(folder.resolve("mine")).hasContent("mine");
        assertThatThrownBy(() ->
                        AdapterFiles.export(folder.resolve("mine/below"), flux(), AdapterFormat.PEFT, DType.FLOAT32))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("mine");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).as("nothing half-written").hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "transformer.x.lora_A.weight                 ; transformer.y.lora_A.weight            ; lora_B",
                "transformer.x.lora_A.weight                 ; text_encoder.x.lora_A.weight           ; text encoder",
                "transformer.x.lora_A.weight                 ; transformer.x.lora_magnitude_vector    ; magnitude",
                "lora_unet_double_blocks_0_img_mod_lin.lora_up.weight ; lora_te1_x.lora_up.weight     ; text encoder",
                "lora_unet_double_blocks_0_img_mod_lin.lora_up.weight ; lora_unet_x.hada_w1_a         ; hada_w1_a",
                "lora_unet_double_blocks_0_img_mod_lin.lora_up.weight ; lora_unet_joint_blocks_0_x_block_mlp_fc1.alpha ;"
                        + " mixture",
                "lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight ; lora_unet_x.alpha      ; another model",
                "lora_unet_double_blocks_0_img_mod_lin.lora_up.weight ;"
                        + " lora_unet_double_blocks_0_img_mod_lin.alpha ; lora_down",
                "unet.x.lora_A.weight                        ; unet.x.lora_B.weight                   ; unet.x",
                "base_model.model.x.lora_A.weight            ; base_model.model.x.lora_B.weight       ;"
                        + " adapter_config.json",
            })
    void foreignAndHalfFilesAreRefusedByName(String first, String second, String complaint) {
        Map<String, Tensor> tensors = Map.of(first, noise(2, 2), second, noise(2, 2));
        assertThatThrownBy(() -> read(tensors))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("lora.safetensors")
                .hasMessageContaining(complaint);
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> read(
                        Map.of("transformer.x.lora_A.weight", noise(2, 3), "transformer.x.lora_B.weight", noise(3, 4))))
                .hasMessageContaining("[2, 3]")
                .hasMessageContaining("[3, 4]");
        String qkv = "lora_unet_double_blocks_3_img_attn_qkv";
        assertThatThrownBy(() ->
                        read(Map.of(qkv + ".lora_down.weight", noise(3, 2), qkv + ".lora_up.weight", noise(5, 3))))
                .hasMessageContaining("5 rows");
    }

    @Test
    void aRankThatTheConfigurationDoesNotSayIsRefused() throws IOException {
        AdapterFiles.export(folder.resolve("out"), flux(), AdapterFormat.PEFT, DType.FLOAT32);
        Path config = folder.resolve("out/adapter_config.json");
        Files.writeString(config, Files.readString(config).replace("\"r\" : 2", "\"r\" : 5"));
        assertThatThrownBy(() -> AdapterFiles.read(folder.resolve("out"), Device.cpu()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("has rank 2 but its configuration says 5");
    }

    // INVARIANT: nothing that is not a number enters a network.
    @Test
    void valuesThatAreNotFiniteAreRefused() {
        Map<String, Tensor> tensors = new TreeMap<>();
        tensors.put("transformer.x.lora_A.weight", Tensor.full(Device.cpu(), Double.NaN, DType.FLOAT32, 2, 2));
        tensors.put("transformer.x.lora_B.weight", noise(2, 2));
        assertThatThrownBy(() -> read(tensors))
                .hasMessageContaining("transformer.x.lora_A.weight")
                .hasMessageContaining("not finite");
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        Path file = AdapterFiles.export(folder.resolve("out"), flux(), AdapterFormat.DIFFUSERS, DType.FLOAT32);
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 10));
        assertThatThrownBy(() -> AdapterFiles.read(file, Device.cpu()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void aPickleIsNeverOpened() throws IOException {
        Files.writeString(folder.resolve("adapter_model.bin"), "pickle");
        assertThatThrownBy(() -> AdapterFiles.read(folder, Device.cpu()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("adapter_model.bin")
                .hasMessageContaining("save_file");
    }

    @Test
    void aFolderWithoutOrWithSeveralAdaptersIsRefused() throws IOException {
        assertThatThrownBy(() -> AdapterFiles.read(folder, Device.cpu())).hasMessageContaining("holds no adapter");
        assertThatThrownBy(() -> AdapterFiles.read(folder.resolve("none.safetensors"), Device.cpu()))
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> AdapterFiles.read(folder.resolve("none"), Device.cpu()))
                .hasMessageContaining("no such file or folder");
        Files.writeString(folder.resolve("a.safetensors"), "");
        Files.writeString(folder.resolve("b.safetensors"), "");
        assertThatThrownBy(() -> AdapterFiles.read(folder, Device.cpu())).hasMessageContaining("several");
    }

    /** Fused layers whole and in part, other ranks, other scales, layers of their own. */
    private SavedAdapter flux() {
        List<LoraModule> modules = List.of(
                module(BLOCK + "attn.to_q", 2, 4, 8, 3),
                module(BLOCK + "attn.to_k", 2, 4, 8, 3),
                module(BLOCK + "attn.to_v", 3, 4, 8, 3),
                module(BLOCK + "attn.add_k_proj", 2, 4, 8, 3),
                module(BLOCK + "ff.net.0.proj", 2, 4, 16, 7),
                module(SINGLE + "attn.to_q", 2, 4, 8, 3),
                module(SINGLE + "proj_mlp", 2, 4, 32, 3),
                module("norm_out.linear", 2, 8, 16, 3));
        return SavedAdapter.of(modules, null);
    }

    private LoraModule module(String path, long rank, long in, long out, double alpha) {
        return new LoraModule(path, noise(rank, in), noise(out, rank), alpha);
    }

    private Tensor noise(long... shape) {
        // Quarters: products and sums are exact, whatever their order.
        float[] values = Noise.standardNormal(Device.cpu(), 1, stream++, shape).toFloats();
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.round(4 * values[i]) / 4f + 1 / 8f;
        }
        return Tensor.of(Device.cpu(), values, shape);
    }

    private SavedAdapter read(Map<String, Tensor> tensors) {
        Path file = folder.resolve("lora.safetensors");
        Safetensors.write(file, tensors, Map.of());
        return AdapterFiles.read(file, Device.cpu());
    }

    private static float[] floats(SavedAdapter adapter, String name) {
        Tensor tensor = adapter.tensors().get(LoraModule.PREFIX + name);
        assertThat(tensor).as(name).isNotNull();
        return tensor == null ? new float[0] : tensor.toFloats();
    }

    /** What is added to each layer's weight, rounded where a scale is no power of two. */
    private static Map<String, List<Long>> deltas(SavedAdapter adapter) {
        Map<String, List<Long>> deltas = new TreeMap<>();
        for (LoraModule module : adapter.modules()) {
            List<Long> values = new ArrayList<>();
            for (float value : module.b().matmul(module.a()).mul(module.scale()).toFloats()) {
                values.add(Math.round(value * 1e4));
            }
            deltas.put(module.path(), values);
        }
        return deltas;
    }
}
