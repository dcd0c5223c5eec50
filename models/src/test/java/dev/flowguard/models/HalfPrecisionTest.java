package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Networks in 16 bits against what PyTorch makes of them in the same type (tools/parity/models/half.py), and both against
 * PyTorch's FLOAT32.
 *
 * <p>Two correct implementations round at different places and so cannot be equal. What is asked: we are no further from the
 * FLOAT32 result than PyTorch is, give or take a half, in the Euclidean norm.
 */
class HalfPrecisionTest {

    private static final Path DIRECTORY = Golden.ROOT.resolve("a");
    private static final double SLACK = 1.5;

    private final Compute compute = Compute.on(Device.cpu());

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"BFLOAT16", "FLOAT16"})
    void transformerWithAdapter(DType type) {
        try (StableDiffusion3Pipeline pipeline = load(type);
                LoraAdapter adapter = pipeline.transformer()
                        .attachAdapter(
                                PeftConfig.read(DIRECTORY.resolve("adapter").resolve(PeftConfig.FILE))
                                        .lora(),
                                1);
                Golden inputs = Golden.open("a/transformer.safetensors");
                Golden exact = Golden.open("a/adapter/golden.safetensors");
                Golden half = Golden.open("a/half.safetensors")) {
            assertThat(types(pipeline.transformer().parameters())).containsOnly(type);
            compute.training(() -> {
                adapter.load(AdapterFiles.read(DIRECTORY.resolve("adapter"), Device.cpu())
                        .tensors());
                Conditioning conditioning = new Conditioning(inputs.tensor("context"), inputs.tensor("pooled"));
                Tensor velocity = pipeline.transformer()
                        .velocity(inputs.tensor("latents"), inputs.tensor("timestep"), conditioning);
                requireAsCloseAsPyTorch("velocity", type, velocity, exact.tensor("velocity"), half);
                velocity.mul(inputs.tensor("weight")).mean().backward();
                assertThat(types(adapter.parameters())).containsOnly(DType.FLOAT32);
                requireAsCloseAsPyTorch(gradients(adapter), exact, half, type);
                return true;
            });
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"BFLOAT16", "FLOAT16"})
    void autoencoder(DType type) {
        try (StableDiffusion3Pipeline pipeline = load(type);
                Golden golden = Golden.open("a/vae.safetensors");
                Golden half = Golden.open("a/half.safetensors")) {
            assertThat(types(pipeline.vae().parameters())).containsOnly(type);
            compute.inference(() -> {
                Tensor decoded = pipeline.vae().decode(golden.tensor("latents"));
                requireAsCloseAsPyTorch("decoded", type, decoded, golden.tensor("decoded"), half);
                LatentDistribution encoded = pipeline.vae().encode(golden.tensor("image"));
                Tensor means = golden.tensor("moments").chunk(2, 1).get(0);
                Tensor pyTorch = half.tensor(key(type, "moments")).chunk(2, 1).get(0);
                requireAsCloseAsPyTorch("moments", encoded.mean(), means, pyTorch);
                return true;
            });
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"BFLOAT16", "FLOAT16"})
    void textEncoder(DType type) {
        Path folder = DIRECTORY.resolve("pipeline/text_encoder");
        try (ClipTextEncoder encoder = ClipTextEncoder.load(folder, new WeightOptions(Device.cpu(), type, null));
                Golden golden = Golden.open("a/text_encoder.safetensors");
                Golden half = Golden.open("a/half.safetensors")) {
            assertThat(types(encoder.parameters())).containsOnly(type);
            compute.inference(() -> {
                ClipTextEncoder.Encoded encoded = encoder.encode(Golden.rows(golden.tensor("ids")));
                requireAsCloseAsPyTorch("context", type, encoded.context(), golden.tensor("context"), half);
                requireAsCloseAsPyTorch("pooled", type, encoded.pooled(), golden.tensor("pooled"), half);
                return true;
            });
        }
    }

    private static StableDiffusion3Pipeline load(DType type) {
        LoadOptions options = LoadOptions.on(Device.cpu()).withTypes(type, type, type);
        return (StableDiffusion3Pipeline) FlowPipeline.load(DIRECTORY.resolve("pipeline"), options);
    }

    private static List<DType> types(Map<String, Tensor> tensors) {
        return tensors.values().stream().map(Tensor::dtype).toList();
    }

    private static String key(DType type, String name) {
        return type.name().toLowerCase(Locale.ROOT) + "." + name;
    }

    private static void requireAsCloseAsPyTorch(String name, DType type, Tensor ours, Tensor exact, Golden half) {
        requireAsCloseAsPyTorch(name, ours, exact, half.tensor(key(type, name)));
    }

    private static void requireAsCloseAsPyTorch(String name, Tensor ours, Tensor exact, Tensor pyTorch) {
        assertThat(ours.dtype()).as(name).isEqualTo(DType.FLOAT32);
        requireAsCloseAsPyTorch(name, ours.toFloats(), exact.toFloats(), pyTorch.toFloats());
    }

    /** All gradients together: some are zero but for rounding. */
    private static void requireAsCloseAsPyTorch(Map<String, float[]> ours, Golden exact, Golden half, DType type) {
        List<float[]> exactGradients = new ArrayList<>();
        List<float[]> halfGradients = new ArrayList<>();
        ours.keySet().forEach(name -> {
            exactGradients.add(exact.floats("grad." + name));
            halfGradients.add(half.floats(key(type, "grad." + name)));
        });
        requireAsCloseAsPyTorch(
                "gradients", joined(new ArrayList<>(ours.values())), joined(exactGradients), joined(halfGradients));
    }

    private static void requireAsCloseAsPyTorch(String name, float[] ours, float[] exact, float[] pyTorch) {
        double theirs = distance(pyTorch, exact);
        assertThat(theirs).as(name + ": the type shows").isPositive();
        assertThat(distance(ours, exact)).as(name).isLessThan(SLACK * theirs);
        // Errors of two implementations are hardly correlated, so that their distance is about sqrt(2) times either.
        assertThat(distance(ours, pyTorch)).as(name + " and PyTorch's").isLessThan(2 * theirs);
    }

    /** Relative Euclidean distance. */
    private static double distance(float[] values, float[] exact) {
        assertThat(values).hasSameSizeAs(exact);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < values.length; i++) {
            difference += Math.pow((double) values[i] - exact[i], 2);
            norm += Math.pow(exact[i], 2);
        }
        return Math.sqrt(difference / norm);
    }

    private static Map<String, float[]> gradients(LoraAdapter adapter) {
        Map<String, float[]> gradients = new LinkedHashMap<>();
        adapter.parameters().forEach((name, parameter) -> {
            Tensor gradient = parameter.gradient();
            assertThat(gradient).as(name).isNotNull();
            if (gradient != null) {
                gradients.put(name, gradient.toFloats());
            }
        });
        return gradients;
    }

    private static float[] joined(List<float[]> parts) {
        float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
