package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.InputException;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StableDiffusion3PipelineTest {

    /** The promise of the project: the same image from the same latents. */
    private static final double IMAGE_TOLERANCE = 1e-3;

    private static final String WITH_T5 = "sd35/medium/pipeline.json";

    private final Compute compute = Compute.on(Device.cpu());

    private final Path folder;

    StableDiffusion3PipelineTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @ParameterizedTest
    @CsvSource({"a,256", "a,12", "b,256", "b,12"})
    void drawsTheImageOfTheUnmodifiedPythonPipeline(String variant, int maxSequenceLength) throws IOException {
        Path directory = copy(variant);
        setMaxSequenceLength(directory, maxSequenceLength);
        try (StableDiffusion3Pipeline pipeline = StableDiffusion3Pipeline.load(directory, Device.cpu());
                Golden golden = Golden.open(variant + "/pipeline.safetensors")) {
            assertThat(pipeline.maxSequenceLength()).isEqualTo(maxSequenceLength);
            compute.inference(() -> {
                Tensor latents = Euler.sample(
                        pipeline,
                        golden.tensor("latents"),
                        golden.floats("sigmas"),
                        Golden.prompts(variant + "/pipeline.json"));
                golden.assertClose("final." + maxSequenceLength, latents, IMAGE_TOLERANCE);
                golden.assertClose("image." + maxSequenceLength, pipeline.decode(latents), IMAGE_TOLERANCE);
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {256, 24})
    void drawsTheGuidedImageOfTheUnmodifiedPythonPipelineWithT5(int maxSequenceLength) {
        LoadOptions options = LoadOptions.on(Device.cpu()).withMaxSequenceLength(maxSequenceLength);
        try (FlowPipeline pipeline = FlowPipeline.load(Golden.ROOT.resolve("sd35/medium/pipeline"), options);
                Golden golden = Golden.open("sd35/medium/pipeline.safetensors")) {
            compute.inference(() -> {
                GuidedVelocity policy =
                        GuidedVelocity.of(pipeline, Golden.prompts(WITH_T5), new Guidance(4.5, 1, negativePrompt()));
                Tensor latents = Euler.sample(policy, golden.tensor("latents"), golden.floats("sigmas"));
                golden.assertClose("final." + maxSequenceLength, latents, IMAGE_TOLERANCE);
                golden.assertClose("image." + maxSequenceLength, pipeline.decode(latents), IMAGE_TOLERANCE);
                return true;
            });
        }
    }

    @Test
    void encodesPromptsAndNegativePromptsWithT5AsPythonDoes() throws IOException {
        Path directory = copy("sd35/medium");
        setMaxSequenceLength(directory, 24);
        try (StableDiffusion3Pipeline pipeline = StableDiffusion3Pipeline.load(directory, Device.cpu());
                Golden golden = Golden.open("sd35/medium/pipeline.safetensors")) {
            compute.inference(() -> {
                List<String> prompts = Golden.prompts(WITH_T5);
                List<String> all = new ArrayList<>(Collections.nCopies(prompts.size(), negativePrompt()));
                all.addAll(prompts);
                Conditioning encoded = pipeline.encode(all);
                assertThat(encoded.lastTokenCopies()).isEqualTo(1);
                golden.assertClose("context", encoded.context(), 1e-4);
                golden.assertClose("pooled", encoded.pooled(), 1e-4);
                return true;
            });
        }
    }

    @Test
    void anImageThatIsLargerThanTheModelWasTrainedForTakesMoreOfThePositions() {
        try (StableDiffusion3Pipeline pipeline = load("sd35/medium")) {
            assertThat(pipeline.latentShape(192, 8)).containsExactly(4, 48, 2);
            assertThatThrownBy(() -> pipeline.latentShape(200, 8)).hasMessageContaining("at most 192");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void encodesPromptsAsPythonDoes(String variant) {
        try (StableDiffusion3Pipeline pipeline = load(variant);
                Golden golden = Golden.open(variant + "/pipeline.safetensors")) {
            compute.inference(() -> {
                Conditioning encoded = pipeline.encode(Golden.prompts(variant + "/pipeline.json"));
                Tensor context = golden.tensor("context");
                long tokens = encoded.context().size(1);
                assertThat(Golden.maxDifference(
                                context.slice(1, 0, tokens).toFloats(),
                                encoded.context().toFloats()))
                        .isLessThan(1e-4);
                golden.assertClose("pooled", encoded.pooled(), 1e-4);
                return true;
            });
        }
    }

    @Test
    void theCacheGivesTheSameAndKeepsTheOrder() {
        try (StableDiffusion3Pipeline pipeline = load("a")) {
            compute.inference(() -> {
                float[] ab = pipeline.encode(List.of("a", "b")).context().toFloats();
                float[] bab = pipeline.encode(List.of("b", "a", "b")).context().toFloats();
                int row = ab.length / 2;
                assertThat(slice(bab, 0, row)).isEqualTo(slice(ab, row, row));
                assertThat(slice(bab, row, row)).isEqualTo(slice(ab, 0, row));
                assertThat(slice(bab, 2 * row, row)).isEqualTo(slice(ab, row, row));
                return true;
            });
        }
    }

    @Test
    void trainableTextEncodersAreNeverCached() {
        try (StableDiffusion3Pipeline pipeline = load("a")) {
            Network encoder = pipeline.textEncoders().get(0);
            encoder.requireGradients();
            compute.training(() -> {
                float[] before = pipeline.encode(List.of("a")).context().toFloats();
                Tensor table = encoder.parameters().get("text_model.embeddings.token_embedding.weight");
                assertThat(table).isNotNull();
                if (table != null) {
                    table.assign(table.mul(2));
                }
                assertThat(pipeline.encode(List.of("a")).context().toFloats()).isNotEqualTo(before);
                return true;
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b", "sd35/medium"})
    void savingAndLoadingChangesNothing(String variant) {
        try (StableDiffusion3Pipeline pipeline = load(variant)) {
            pipeline.save(folder.resolve("saved"));
            try (StableDiffusion3Pipeline again =
                    StableDiffusion3Pipeline.load(folder.resolve("saved"), Device.cpu())) {
                assertThat(draw(again)).isEqualTo(draw(pipeline));
            }
        }
    }

    @Test
    void theSameSeedMakesTheSameModel() {
        try (StableDiffusion3Pipeline one = TinyPipeline.create(5);
                StableDiffusion3Pipeline two = TinyPipeline.create(5);
                StableDiffusion3Pipeline other = TinyPipeline.create(6)) {
            assertThat(draw(one)).isEqualTo(draw(two)).isNotEqualTo(draw(other));
        }
    }

    @Test
    void latentShapesAreThoseThatTheModelCanDraw() {
        try (StableDiffusion3Pipeline pipeline = load("a")) {
            assertThat(pipeline.latentShape(32, 64)).containsExactly(4, 8, 16);
            assertThatThrownBy(() -> pipeline.latentShape(30, 64))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("multiples of 8");
            assertThatThrownBy(() -> pipeline.latentShape(32, 8000))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("at most 96");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "model_index.json                                ~              ~ it has no model_index.json",
                "model_index.json                                ~ {            ~ not valid JSON",
                "model_index.json                                ~ []           ~ not a JSON object",
                "model_index.json                                ~ {\"_class_name\":\"FluxPipeline\"} ~ FluxPipeline",
                "model_index.json ~ {\"_class_name\":\"StableDiffusion3Pipeline\",\"text_encoder_3\":[\"transformers\",\"T5EncoderModel\"]} ~ text_encoder_3",
                "model_index.json ~ {\"_class_name\":\"StableDiffusion3Pipeline\",\"image_encoder\":[\"transformers\",\"SiglipModel\"]} ~ image_encoder is not supported",
                "transformer/config.json                         ~              ~ transformer/config.json is missing",
                "transformer/config.json                         ~ {\"num_layers\":0} ~ num_layers must be from 1",
                "transformer/config.json                         ~ {\"num_layers\":\"x\"} ~ num_layers must be an integer",
                "transformer/config.json                         ~ {\"num_layers\":99999999999} ~ num_layers must be an integer",
                "transformer/config.json                         ~ {\"dual_attention_layers\":[-1]} ~ dual_attention_layers",
                "transformer/config.json                         ~ {\"qk_norm\":\"l2\"} ~ qk_norm is 'l2'",
                "transformer/config.json                         ~ {}           ~ is expected",
                "transformer/diffusion_pytorch_model.safetensors ~              ~ diffusion_pytorch_model.safetensors is missing",
                "transformer/diffusion_pytorch_model.safetensors ~ abc          ~ diffusion_pytorch_model.safetensors",
                "vae/config.json                                 ~ {\"latents_mean\":[0.5]} ~ latents_mean is set",
                "vae/config.json                                 ~ {\"act_fn\":\"relu\",\"_class_name\":\"AutoencoderKL\"} ~ act_fn",
                "tokenizer/tokenizer_config.json                 ~              ~ tokenizer_config.json is missing",
                "tokenizer/tokenizer.json                        ~ {}           ~ vocab is empty",
                "tokenizer/tokenizer.json ~ {\"model\":{\"vocab\":{\"<|endoftext|>\":0,\"!\":1}}} ~ tokenizer.json is no usable tokenizer",
                "scheduler/scheduler_config.json                 ~ {\"shift\":0} ~ shift must be positive",
            })
    void aBrokenDirectoryIsRefusedByName(String file, String content, String complaint) throws IOException {
        Path directory = copy("b");
        Path broken = directory.resolve(file);
        if (content == null) {
            Files.delete(broken);
        } else {
            Files.writeString(broken, content);
        }
        assertThatThrownBy(() -> StableDiffusion3Pipeline.load(directory, Device.cpu()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(complaint)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void aTensorOfAnotherShapeIsNamedWithBothShapes() throws IOException {
        Path directory = copy("b");
        Path config = directory.resolve("transformer/config.json");
        Files.writeString(
                config, Files.readString(config).replace("\"joint_attention_dim\": 32", "\"joint_attention_dim\": 40"));
        assertThatThrownBy(() -> StableDiffusion3Pipeline.load(directory, Device.cpu()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("diffusion_pytorch_model.safetensors")
                .hasMessageContaining("context_embedder.weight")
                .hasMessageContaining("[24, 32]")
                .hasMessageContaining("[24, 40]");
    }

    @Test
    void aTensorThatTheNetworkDoesNotKnowIsRefused() throws IOException {
        Path directory = copy("b");
        Path config = directory.resolve("transformer/config.json");
        Files.writeString(config, Files.readString(config).replace("\"num_layers\": 2", "\"num_layers\": 1"));
        assertThatThrownBy(() -> StableDiffusion3Pipeline.load(directory, Device.cpu()))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("transformer_blocks.");
    }

    private static String negativePrompt() {
        return ConfigFile.read(Golden.ROOT.resolve(WITH_T5)).text("negative_prompt", "");
    }

    private float[] draw(StableDiffusion3Pipeline pipeline) {
        return compute.inference(() -> {
            long[] shape = pipeline.latentShape(16, 16);
            Tensor latents =
                    dev.flowguard.tensor.Noise.standardNormal(Device.cpu(), 1, 2, 2, shape[0], shape[1], shape[2]);
            return pipeline.decode(Euler.sample(pipeline, latents, new float[] {1, .5f, 0}, List.of("a", "b")))
                    .toFloats();
        });
    }

    private static float[] slice(float[] values, int from, int count) {
        return java.util.Arrays.copyOfRange(values, from, from + count);
    }

    private static StableDiffusion3Pipeline load(String variant) {
        return StableDiffusion3Pipeline.load(Golden.ROOT.resolve(variant + "/pipeline"), Device.cpu());
    }

    private Path copy(String variant) throws IOException {
        Path source = Golden.ROOT.resolve(variant + "/pipeline");
        Path target = folder.resolve("copy");
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(source.relativize(file).toString()));
            }
        }
        return target;
    }

    private static void setMaxSequenceLength(Path directory, int value) throws IOException {
        if (value != StableDiffusion3Pipeline.DEFAULT_MAX_SEQUENCE_LENGTH) {
            Path index = directory.resolve("model_index.json");
            Files.writeString(
                    index, Files.readString(index).replaceFirst("\\{", "{\"_max_sequence_length\": " + value + ","));
        }
    }
}
