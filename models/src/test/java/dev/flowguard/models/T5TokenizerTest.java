package dev.flowguard.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

class T5TokenizerTest {

    private static final Path PUBLISHED = Golden.ROOT.resolve("sd35/medium/pipeline/tokenizer_3");
    private static final Path IDS = Golden.ROOT.resolve("sd35");

    private final Path folder;

    T5TokenizerTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void idsEqualThoseOfTransformersInTheLayoutThatIsPublished() {
        try (T5Tokenizer tokenizer = T5Tokenizer.load(PUBLISHED)) {
            assertGoldenIds(tokenizer);
        }
    }

    @Test
    void idsEqualThoseOfTransformersInTheLayoutThatVersion5Saves() throws IOException {
        ConfigFile published = ConfigFile.read(PUBLISHED.resolve("tokenizer.json"));
        ObjectNode json = (ObjectNode) published.root();
        json.set("normalizer", json.path("normalizer").path("normalizers").get(0));
        ObjectNode metaspace = (ObjectNode) json.path("pre_tokenizer");
        ObjectNode sequence = json.putObject("pre_tokenizer").put("type", "Sequence");
        sequence.putArray("pretokenizers").addObject().put("type", "WhitespaceSplit");
        sequence.withArray("pretokenizers").add(metaspace);
        write(json);

        try (T5Tokenizer tokenizer = T5Tokenizer.load(folder)) {
            assertGoldenIds(tokenizer);
        }
    }

    @Test
    void savingAndLoadingChangesNothing() {
        try (T5Tokenizer tokenizer = T5Tokenizer.load(PUBLISHED)) {
            tokenizer.save(folder);
            try (T5Tokenizer again = T5Tokenizer.load(folder)) {
                assertThat(again.vocabularySize()).isEqualTo(tokenizer.vocabularySize());
                assertThat(again.encode("a red fox", 8)).isEqualTo(tokenizer.encode("a red fox", 8));
            }
        }
    }

    @Test
    void aLongTextKeepsItsEndAndAShortOneIsPadded() {
        try (T5Tokenizer tokenizer = T5Tokenizer.load(PUBLISHED)) {
            assertThat(tokenizer.encode("a red fox ".repeat(400), 6)).hasSize(6).endsWith(1L);
            assertThat(tokenizer.encode("", 4)).containsExactly(1, 0, 0, 0);
        }
    }

    @Test
    void refusesWhatEndsNoText() throws IOException {
        ObjectNode json = (ObjectNode)
                ConfigFile.read(PUBLISHED.resolve("tokenizer.json")).root();
        json.putNull("post_processor");
        write(json);

        assertThatThrownBy(() -> T5Tokenizer.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("post_processor");
    }

    @Test
    void refusesASentencepieceModelAlone() throws IOException {
        Files.copy(PUBLISHED.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
        Files.write(folder.resolve("spiece.model"), new byte[1]);

        assertThatThrownBy(() -> T5Tokenizer.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("tokenizer.json is missing")
                .hasMessageContaining("T5TokenizerFast");
    }

    @Test
    void refusesAPadTokenThatTheVocabularyLacks() throws IOException {
        Files.copy(PUBLISHED.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"pad_token\": \"[PAD]\"}");

        assertThatThrownBy(() -> T5Tokenizer.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("pad_token");
    }

    @Test
    void refusesAnotherKindOfTokenizer() throws IOException {
        Path clip = Golden.ROOT.resolve("a/pipeline/tokenizer");
        for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
            Files.copy(clip.resolve(name), folder.resolve(name));
        }

        assertThatThrownBy(() -> T5Tokenizer.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("no T5 tokenizer");
    }

    private static void assertGoldenIds(T5Tokenizer tokenizer) {
        List<String> prompts = GoldenIds.prompts();
        List<long[]> expected = GoldenIds.read(IDS);
        assertThat(expected).hasSameSizeAs(prompts).hasSizeGreaterThanOrEqualTo(1000);
        for (int i = 0; i < prompts.size(); i++) {
            assertThat(tokenizer.encode(prompts.get(i), expected.get(i).length))
                    .as("'" + prompts.get(i) + "'")
                    .isEqualTo(expected.get(i));
        }
    }

    private void write(ObjectNode json) throws IOException {
        Files.write(folder.resolve("tokenizer.json"), ConfigFile.toJson(json));
        Files.copy(PUBLISHED.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
    }
}
