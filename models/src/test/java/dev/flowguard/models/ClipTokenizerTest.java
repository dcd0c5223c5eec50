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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ClipTokenizerTest {

    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789\"'.,!?-:";

    private final Path folder;

    ClipTokenizerTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a/pipeline/tokenizer",
                "a/pipeline/tokenizer_2",
                "b/pipeline/tokenizer",
                "b/pipeline/tokenizer_2",
                "plain-tokenizer"
            })
    void idsEqualThoseOfTransformers(String directory) {
        try (ClipTokenizer tokenizer = ClipTokenizer.load(Golden.ROOT.resolve(directory))) {
            assertGoldenIds(tokenizer, directory);
        }
    }

    /** Emoji, every script, 400 words, control characters; the folders as SD3, SD3.5 and FLUX publish theirs. */
    @ParameterizedTest
    @ValueSource(
            strings = {"clip", "clip-json", "clip-exclamation", "clip-exclamation-json", "clip-legacy", "clip-bare"})
    void idsOfAThousandPromptsEqualThoseOfTransformers(String name) {
        Path tokenizers = Golden.ROOT.resolve("tokenizers").resolve(name);
        List<String> prompts = GoldenIds.prompts();
        List<long[]> expected = GoldenIds.read(tokenizers);
        assertThat(expected).hasSize(1000).hasSameSizeAs(prompts);
        try (ClipTokenizer tokenizer = ClipTokenizer.load(tokenizers)) {
            for (int i = 0; i < prompts.size(); i++) {
                long[] ids = expected.get(i);
                assertThat(tokenizer.encode(prompts.get(i), ids.length))
                        .as(i + ": '" + prompts.get(i) + "'")
                        .isEqualTo(ids);
            }
        }
    }

    @Test
    void refusesASpecialTokenThatTheVocabularyLacks() throws IOException {
        Path source = Golden.ROOT.resolve("plain-tokenizer");
        for (String name : List.of("vocab.json", "merges.txt")) {
            Files.copy(source.resolve(name), folder.resolve(name));
        }
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"unk_token\": \"<unk>\"}");
        assertThatThrownBy(() -> ClipTokenizer.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("<unk>");
    }

    @Test
    void aVocabularyMadeFromNothingGivesTheSameIds() {
        ClipVocabulary vocabulary = ClipVocabulary.of(LETTERS, List.of("sign", "saying", "hello", "world"));
        try (ClipTokenizer created = ClipTokenizer.create(vocabulary, 16, "!")) {
            assertGoldenIds(created, "plain-tokenizer");
            created.save(folder);
        }
        try (ClipTokenizer loaded = ClipTokenizer.load(folder)) {
            assertThat(loaded.maxLength()).isEqualTo(16);
            assertGoldenIds(loaded, "plain-tokenizer");
        }
    }

    @Test
    void aLongTextKeepsItsEnd() {
        ClipVocabulary vocabulary = ClipVocabulary.of("ab", List.of());
        int end = vocabulary.tokens().indexOf(ClipVocabulary.END);
        try (ClipTokenizer tokenizer = ClipTokenizer.create(vocabulary, 4, ClipVocabulary.END)) {
            assertThat(tokenizer.encode("a b a b a b", 4)).hasSize(4).endsWith(end);
            assertThat(tokenizer.encode("", 4)).containsExactly(end - 1L, end, end, end);
        }
    }

    @Test
    void refusesAPadTokenThatTheVocabularyLacks() throws IOException {
        Path source = Golden.ROOT.resolve("plain-tokenizer");
        for (String name : List.of("vocab.json", "merges.txt")) {
            Files.copy(source.resolve(name), folder.resolve(name));
        }
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"pad_token\": \"<pad>\"}");
        assertThatThrownBy(() -> ClipTokenizer.load(folder))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("pad_token")
                .hasMessageContaining("<pad>");
    }

    private static void assertGoldenIds(ClipTokenizer tokenizer, String directory) {
        ConfigFile golden = ConfigFile.read(Golden.ROOT.resolve("tokenizers.json"));
        List<String> prompts = golden.texts("prompts");
        JsonNode expected = golden.root().path("ids").path(directory);
        assertThat(expected.size()).isEqualTo(prompts.size());
        for (int i = 0; i < prompts.size(); i++) {
            long[] ids = new long[expected.get(i).size()];
            for (int j = 0; j < ids.length; j++) {
                ids[j] = expected.get(i).get(j).asLong();
            }
            assertThat(tokenizer.encode(prompts.get(i), tokenizer.maxLength()))
                    .as("'" + prompts.get(i) + "'")
                    .isEqualTo(ids);
        }
    }
}
