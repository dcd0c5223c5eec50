package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Noise;
import dev.flowguard.tensor.SafetensorsFile;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** FLUX against diffusers' unmodified pipeline, with and without guidance embedding. */
class FluxPipelineTest {

    private static final double IMAGE_TOLERANCE = 1e-3;
    private static final int STEPS = 4;
    private static final int HEIGHT = 12;
    private static final int WIDTH = 16;

    private final Compute compute = Compute.on(Device.cpu());

    private final Path folder;

    FluxPipelineTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @ParameterizedTest
    @CsvSource({"dev,embedded,3.5,1", "dev,true_cfg,3.5,4", "schnell,embedded,1,1", "schnell,true_cfg,1,4"})
    void drawsTheImageOfTheUnmodifiedPythonPipeline(String variant, String name, double scale, double trueCfg) {
        try (FlowPipeline pipeline = load(variant);
                Golden golden = Golden.open("flux/" + variant + "/pipeline.safetensors")) {
            compute.inference(() -> {
                GuidedVelocity policy = GuidedVelocity.of(
                        pipeline, prompts(variant), new Guidance(scale, trueCfg, "blurry, low quality"));
                Tensor latents = Euler.sample(policy, golden.tensor("latents"), golden.floats("sigmas"));
                golden.assertClose("final." + name, latents, IMAGE_TOLERANCE);
                golden.assertClose("image." + name, pipeline.decode(latents), IMAGE_TOLERANCE);
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dev", "schnell"})
    void visitsTheNoiseLevelsOfThePythonPipeline(String variant) {
        try (FlowPipeline pipeline = load(variant);
                Golden golden = Golden.open("flux/" + variant + "/pipeline.safetensors")) {
            float[] own = Euler.sigmas(pipeline.noiseRange(STEPS, HEIGHT, WIDTH, null), STEPS);
            compute.inference(() -> {
                assertThat(own).containsExactly(golden.floats("sigmas"), within(1e-6f));
                return true;
            });
            assertThat(pipeline.noiseRange(STEPS, HEIGHT, WIDTH, 3.0)).isEqualTo(new NoiseRange(.25, 3));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dev", "schnell"})
    void encodesPromptsAsPythonDoes(String variant) {
        try (FlowPipeline pipeline = load(variant);
                Golden golden = Golden.open("flux/" + variant + "/pipeline.safetensors")) {
            compute.inference(() -> {
                Conditioning encoded = pipeline.encode(prompts(variant));
                golden.assertClose("context", encoded.context(), 1e-4);
                golden.assertClose("pooled", encoded.pooled(), 1e-4);
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dev", "schnell"})
    void thePoolingEncoderHasPythonsGradients(String variant) {
        Path encoders = Golden.ROOT.resolve("flux/" + variant + "/pipeline/text_encoder");
        try (ClipTextEncoder encoder = ClipTextEncoder.load(encoders, WeightOptions.on(Device.cpu()));
                Golden golden = Golden.open("flux/" + variant + "/text_encoder.safetensors")) {
            encoder.requireGradients();
            compute.training(() -> {
                List<long[]> ids = golden.tensor("ids").chunk(3, 0).stream()
                        .map(Tensor::toLongs)
                        .toList();
                Tensor pooled = encoder.pool(ids);
                golden.assertClose("pooler_output", pooled, 1e-4);
                pooled.mul(golden.tensor("weight")).mean().backward();
                golden.assertGradients(encoder.parameters());
                assertThatThrownBy(() -> encoder.encode(ids))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("no projection");
                return true;
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"dev,FLUX_DEV", "schnell,FLUX_SCHNELL"})
    void whatIsSavedLoadsAgainToTheLastBit(String variant, ModelFamily family) {
        try (FlowPipeline pipeline = load(variant)) {
            pipeline.save(folder);
            float[] before = velocity(pipeline);
            try (FlowPipeline again = FlowPipeline.load(folder, LoadOptions.on(Device.cpu()))) {
                assertThat(again.family()).isEqualTo(family);
                assertThat(velocity(again)).isEqualTo(before);
            }
        }
        assertThat(ModelFamily.of(folder)).isEqualTo(family);
    }

    @Test
    void theEncoderIsWrittenAsEveryVersionOfTransformersReadsIt() {
        try (FlowPipeline pipeline = load("dev")) {
            pipeline.save(folder);
        }
        Path python = Golden.ROOT.resolve("flux/dev/pipeline/text_encoder/model.safetensors");
        // Version 5 writes names without text_model and reads both, version 4 knows only those with it.
        try (SafetensorsFile ours = SafetensorsFile.open(folder.resolve("text_encoder/model.safetensors"));
                SafetensorsFile theirs = SafetensorsFile.open(python)) {
            assertThat(theirs.names()).contains("final_layer_norm.weight");
            assertThat(ours.names())
                    .containsExactlyInAnyOrderElementsOf(theirs.names().stream()
                            .map(name -> "text_model." + name)
                            .toList());
        }
    }

    @Test
    void sizesThatCannotBePackedAreRefused() {
        try (FlowPipeline pipeline = load("dev")) {
            assertThat(pipeline.latentShape(HEIGHT, WIDTH)).containsExactly(3, 6, 8);
            assertThatThrownBy(() -> pipeline.latentShape(HEIGHT, WIDTH + 2))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("multiples of 4");
        }
    }

    @Test
    void partsOfAnotherModelAreRefused() throws IOException {
        copy();
        Path other = Golden.ROOT.resolve("a/pipeline/vae");
        for (String file : List.of("config.json", "diffusion_pytorch_model.safetensors")) {
            Files.write(folder.resolve("vae/" + file), Files.readAllBytes(other.resolve(file)));
        }
        assertThatThrownBy(() -> FlowPipeline.load(folder, LoadOptions.on(Device.cpu())))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("latent_channels must be a quarter");
    }

    @Test
    void aSequenceLengthThatDiffusersWouldRefuseIsRefused() throws IOException {
        copy();
        Path index = folder.resolve("model_index.json");
        String written = Files.readString(index);
        String key = "\"_max_sequence_length\": ";
        assertThat(written).contains(key + 12);
        Files.writeString(index, written.replace(key + 12, key + 513));
        assertThatThrownBy(() -> FlowPipeline.load(folder, LoadOptions.on(Device.cpu())))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("max_sequence_length must be from 1 to 512, not 513");
    }

    private void copy() throws IOException {
        Path source = Golden.ROOT.resolve("flux/dev/pipeline");
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = folder.resolve(source.relativize(file).toString());
                Files.createDirectories(target.resolveSibling("."));
                Files.write(target, Files.readAllBytes(file));
            }
        }
    }

    private float[] velocity(FlowPipeline pipeline) {
        return compute.inference(() -> {
            Guidance guidance = Guidance.of(pipeline.family().guidanceScale(1));
            Tensor latents = Noise.standardNormal(Device.cpu(), 5, 0, 1, 3, HEIGHT / 2, WIDTH / 2);
            return GuidedVelocity.of(pipeline, List.of("a sign"), guidance)
                    .velocity(latents, .7)
                    .toFloats();
        });
    }

    private static List<String> prompts(String variant) {
        return Golden.prompts("flux/" + variant + "/pipeline.json");
    }

    private static FlowPipeline load(String variant) {
        return FlowPipeline.load(Golden.ROOT.resolve("flux/" + variant + "/pipeline"), LoadOptions.on(Device.cpu()));
    }
}
