package dev.flowguard.models;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.Safetensors;
import dev.flowguard.tensor.Scope;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes what tools/parity/lora then loads with PEFT, diffusers and by ComfyUI's rules: an adapter on every linear layer of
 * the tiny model in each format, and one in the sizes of the real FLUX. Run by hand, and checked by {@link LoraGoldenTest}
 * ever after.
 */
final class LoraExport {

    static final String BASE = "src/test/resources/parity/a/pipeline";
    private static final int FLUX_WIDTH = 3072;

    private LoraExport() {}

    /** Each format in a folder of its name, and what we draw with them. */
    static void writeStableDiffusion(Path directory) {
        try (StableDiffusion3Pipeline pipeline = StableDiffusion3Pipeline.load(Path.of(BASE), Device.cpu());
                LoraAdapter adapter = pipeline.transformer()
                        .attachAdapter(
                                new LoraConfig(2, 6, LoraTargets.matching("all-linear"), LoraInitialization.GAUSSIAN),
                                1)) {
            Compute.on(Device.cpu()).inference(() -> {
                long stream = 0;
                for (Tensor parameter : adapter.parameters().values()) {
                    parameter.assign(noise(stream++, parameter.shape()));
                }
                SavedAdapter saved = new SavedAdapter(adapter.config(), adapter.parameters(), BASE);
                for (AdapterFormat format : AdapterFormat.values()) {
                    Path folder = directory.resolve(format.name().toLowerCase(Locale.ROOT));
                    AdapterFiles.export(folder, saved, format, DType.FLOAT32);
                }
                Safetensors.write(
                        directory.resolve("golden.safetensors"), Map.of("velocity", velocity(pipeline)), Map.of());
                return true;
            });
        }
    }

    static Tensor velocity(StableDiffusion3Pipeline pipeline) {
        try (Golden inputs = Golden.open("a/transformer.safetensors")) {
            return pipeline.transformer()
                    .velocity(
                            inputs.tensor("latents"),
                            inputs.tensor("timestep"),
                            new Conditioning(inputs.tensor("context"), inputs.tensor("pooled")));
        }
    }

    private static void writeFlux(Path directory) {
        try (Scope scope = Scope.open()) {
            List<LoraModule> modules = new ArrayList<>();
            for (String layer : List.of("attn.to_q", "attn.to_k", "attn.to_v")) {
                modules.add(module(modules.size(), "single_transformer_blocks.37." + layer, FLUX_WIDTH));
                modules.add(module(modules.size(), "transformer_blocks.18." + layer, FLUX_WIDTH));
            }
            modules.add(module(modules.size(), "transformer_blocks.0.attn.add_q_proj", FLUX_WIDTH));
            modules.add(module(modules.size(), "transformer_blocks.0.attn.to_add_out", FLUX_WIDTH));
            modules.add(module(modules.size(), "transformer_blocks.0.ff.net.0.proj", 4 * FLUX_WIDTH));
            modules.add(module(modules.size(), "transformer_blocks.0.norm1_context.linear", 6 * FLUX_WIDTH));
            modules.add(module(modules.size(), "single_transformer_blocks.0.proj_mlp", 4 * FLUX_WIDTH));
            modules.add(module(modules.size(), "single_transformer_blocks.0.proj_out", FLUX_WIDTH));
            modules.add(module(modules.size(), "single_transformer_blocks.0.norm.linear", 3 * FLUX_WIDTH));
            SavedAdapter saved = SavedAdapter.of(modules, null);
            AdapterFiles.export(directory.resolve("flux-peft"), saved, AdapterFormat.PEFT, DType.FLOAT32);
            AdapterFiles.export(directory.resolve("flux-kohya"), saved, AdapterFormat.KOHYA, DType.FLOAT32);
        }
    }

    private static LoraModule module(long stream, String path, long out) {
        return new LoraModule(path, noise(2 * stream, 2, 8), noise(2 * stream + 1, out, 2), 5);
    }

    private static Tensor noise(long stream, long... shape) {
        return Noise.standardNormal(Device.cpu(), 7, stream, shape).mul(0.3);
    }

    public static void main(String[] arguments) {
        writeStableDiffusion(Path.of(arguments[0]));
        if (arguments.length > 1) {
            writeFlux(Path.of(arguments[1]));
        }
    }
}
