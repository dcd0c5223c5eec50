package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.models.LoadOptions.EncoderUse;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.DType;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptEncoderTest {

    /** Encodes a prompt as its length, and says whether it is still open. */
    private static final class LengthEncoders implements TextEncoders {
        private final List<List<String>> asked;
        private boolean open = true;

        LengthEncoders(List<List<String>> asked) {
            this.asked = asked;
        }

        @Override
        public Conditioning encode(List<String> prompts) {
            assertThat(open).isTrue();
            asked.add(List.copyOf(prompts));
            float[] context = new float[prompts.size() * 6];
            float[] pooled = new float[prompts.size() * 2];
            for (int i = 0; i < prompts.size(); i++) {
                java.util.Arrays.fill(context, i * 6, i * 6 + 6, prompts.get(i).length());
                java.util.Arrays.fill(pooled, i * 2, i * 2 + 2, -prompts.get(i).length());
            }
            return new Conditioning(
                    Tensor.of(Device.cpu(), context, prompts.size(), 3, 2),
                    Tensor.of(Device.cpu(), pooled, prompts.size(), 2),
                    4);
        }

        @Override
        public List<Network> networks() {
            return List.of();
        }

        @Override
        public void close() {
            open = false;
        }
    }

    private final Compute compute = Compute.on(Device.cpu());
    private final Path pipeline;
    private final Path cache;
    private final List<List<String>> asked = new ArrayList<>();
    private final List<LengthEncoders> loaded = new ArrayList<>();

    PromptEncoderTest(@TempDir Path folder) {
        pipeline = folder.resolve("pipeline");
        cache = folder.resolve("cache");
    }

    @BeforeEach
    void pipeline() throws IOException {
        Files.createDirectories(pipeline.resolve("text_encoder"));
        Files.createDirectories(pipeline.resolve("tokenizer"));
        Files.writeString(pipeline.resolve("model_index.json"), "{}");
        Files.writeString(pipeline.resolve("text_encoder/model.safetensors"), "weights");
        Files.writeString(pipeline.resolve("tokenizer/tokenizer.json"), "tokens");
    }

    @Test
    void keptEncodersAreLoadedOnceAndAskedOncePerPrompt() {
        try (PromptEncoder encoder = encoder(EncoderUse.KEEP, null)) {
            assertThat(loaded).hasSize(1);
            assertThat(lengths(encoder, "a", "bb", "a")).containsExactly(1, 2, 1);
            assertThat(lengths(encoder, "bb", "ccc")).containsExactly(2, 3);
            assertThat(asked).containsExactly(List.of("a", "bb"), List.of("ccc"));
            assertThat(loaded.get(0).open).isTrue();
        }
        assertThat(loaded.get(0).open).isFalse();
    }

    @Test
    void releasedEncodersAreLoadedForUnknownPromptsOnly() {
        try (PromptEncoder encoder = encoder(EncoderUse.RELEASE, null)) {
            assertThat(loaded).isEmpty();
            assertThat(lengths(encoder, "a")).containsExactly(1);
            assertThat(loaded).hasSize(1).noneMatch(one -> one.open);
            assertThat(lengths(encoder, "a")).containsExactly(1);
            assertThat(loaded).hasSize(1);
            assertThat(lengths(encoder, "bb")).containsExactly(2);
            assertThat(loaded).hasSize(2).noneMatch(one -> one.open);
        }
    }

    @Test
    void theNextRunNeedsNoEncodersForWhatIsOnDisk() {
        try (PromptEncoder encoder = encoder(EncoderUse.RELEASE, cache)) {
            prepare(encoder, "a", "bb");
            assertThat(loaded).hasSize(1).noneMatch(one -> one.open);
        }
        try (PromptEncoder encoder = encoder(EncoderUse.RELEASE, cache)) {
            prepare(encoder, "a", "bb");
            assertThat(lengths(encoder, "bb", "a")).containsExactly(2, 1);
            assertThat(loaded).hasSize(1);
        }
    }

    // INVARIANT: what is on disk follows from its prompt alone, not from those that were encoded with it.
    @Test
    void withADiskPromptsAreEncodedOneByOne() {
        try (PromptEncoder encoder = encoder(EncoderUse.KEEP, cache)) {
            lengths(encoder, "a", "bb");
        }
        assertThat(asked).containsExactly(List.of("a"), List.of("bb"));
    }

    @Test
    void otherWeightsTokenizersTypesOrLengthsAreOtherEntries() throws IOException {
        store(DType.FLOAT32, "a");
        Files.writeString(pipeline.resolve("text_encoder/model.safetensors"), "others");
        store(DType.FLOAT32, "a");
        Files.writeString(pipeline.resolve("tokenizer/tokenizer.json"), "others");
        store(DType.FLOAT32, "a");
        store(DType.BFLOAT16, "a");
        assertThat(asked).hasSize(4);
        assertThat(files()).hasSize(4);
        store(DType.BFLOAT16, "a");
        assertThat(asked).hasSize(4);
        store(LoadOptions.on(Device.cpu()).withMaxSequenceLength(128), "a");
        assertThat(asked).hasSize(5);
        assertThat(files()).hasSize(5);
    }

    @Test
    void aCorruptEntryIsComputedAgain() throws IOException {
        store(DType.FLOAT32, "a");
        Files.writeString(files().get(0), "garbage");
        store(DType.FLOAT32, "a");
        assertThat(asked).hasSize(2);
        store(DType.FLOAT32, "a");
        assertThat(asked).hasSize(2);
    }

    @Test
    void aDiskThatRefusesIsNoReasonToStop() throws IOException {
        Files.writeString(cache, "a file where the folder should be");
        try (PromptEncoder encoder = encoder(EncoderUse.KEEP, cache)) {
            assertThat(lengths(encoder, "a", "bb")).containsExactly(1, 2);
        }
    }

    private void store(DType type, String prompt) {
        store(LoadOptions.on(Device.cpu()).withTypes(DType.FLOAT32, type, DType.FLOAT32), prompt);
    }

    private void store(LoadOptions options, String prompt) {
        try (PromptEncoder encoder =
                PromptEncoder.load(PipelineFolder.open(pipeline), options.withPromptCache(cache), this::load)) {
            assertThat(lengths(encoder, prompt)).containsExactly(prompt.length());
        }
    }

    private PromptEncoder encoder(EncoderUse use, @Nullable Path promptCache) {
        LoadOptions options = LoadOptions.on(Device.cpu()).withEncoderUse(use).withPromptCache(promptCache);
        return PromptEncoder.load(PipelineFolder.open(pipeline), options, this::load);
    }

    private TextEncoders load() {
        LengthEncoders encoders = new LengthEncoders(asked);
        loaded.add(encoders);
        return encoders;
    }

    private void prepare(PromptEncoder encoder, String... prompts) {
        compute.inference(() -> {
            encoder.prepare(Stream.of(prompts));
            return true;
        });
    }

    /** What came back for each prompt, all of it checked. */
    private List<Integer> lengths(PromptEncoder encoder, String... prompts) {
        return compute.inference(() -> {
            Conditioning all = encoder.encode(List.of(prompts));
            assertThat(all.lastTokenCopies()).isEqualTo(4);
            assertThat(all.context().shape()).containsExactly(prompts.length, 3, 2);
            List<Integer> lengths = new ArrayList<>();
            for (int i = 0; i < prompts.length; i++) {
                Conditioning row = all.slice(i, i + 1);
                float length = row.context().toFloats()[0];
                assertThat(row.context().toFloats()).containsOnly(length);
                assertThat(row.pooled().toFloats()).containsOnly(-length);
                lengths.add((int) length);
            }
            return lengths;
        });
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            return files.toList();
        }
    }
}
