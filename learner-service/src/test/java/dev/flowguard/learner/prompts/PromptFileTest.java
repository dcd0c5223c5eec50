package dev.flowguard.learner.prompts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptFileTest {
    private final Path folder;

    PromptFileTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static List<Prompt> all(PromptFile file) {
        return IntStream.range(0, file.size()).mapToObj(file::get).toList();
    }

    private static void assertRefused(Path file, String... parts) {
        assertThatThrownBy(() -> PromptFile.open(file))
                .isInstanceOf(InputException.class)
                .message()
                .startsWith(file.toString())
                .contains(parts)
                .doesNotContain("\n");
    }

    @Test
    void textIsOnePromptALine() throws IOException {
        PromptFile prompts = PromptFile.open(file("train.txt", "a sign \"EXIT\"\r\n\n  {not: json} \n\tdrei Äpfel 🍎"));

        assertThat(all(prompts))
                .containsExactly(Prompt.of("a sign \"EXIT\""), Prompt.of("{not: json}"), Prompt.of("drei Äpfel 🍎"));
        assertThat(PromptFile.read(folder.resolve("train.txt"))).hasSize(3);
    }

    /** The shape of flow_grpo's dataset/geneval/train_metadata.jsonl. */
    @Test
    void everyKeyBesideThePromptIsMetadata() throws IOException {
        PromptFile prompts = PromptFile.open(file("train_metadata.jsonl", """
                {"tag": "two_object", "include": [{"class": "dog", "count": 2}], "prompt": "a photo of two dogs"}

                {"prompt": "a cow", "exclude": null, "strict": true}
                {"prompt": "plain"}
                """));

        Struct dog = struct(Map.of("class", text("dog"), "count", number(2)));
        assertThat(all(prompts))
                .containsExactly(
                        new Prompt(
                                "a photo of two dogs",
                                struct(Map.of(
                                        "tag",
                                        text("two_object"),
                                        "include",
                                        Value.newBuilder()
                                                .setListValue(ListValue.newBuilder()
                                                        .addValues(Value.newBuilder()
                                                                .setStructValue(dog)))
                                                .build()))),
                        new Prompt(
                                "a cow",
                                struct(Map.of(
                                        "exclude",
                                        Value.newBuilder()
                                                .setNullValue(NullValue.NULL_VALUE)
                                                .build(),
                                        "strict",
                                        Value.newBuilder().setBoolValue(true).build()))),
                        Prompt.of("plain"));
    }

    private static Struct struct(Map<String, Value> fields) {
        return Struct.newBuilder().putAllFields(fields).build();
    }

    private static Value text(String value) {
        return Value.newBuilder().setStringValue(value).build();
    }

    private static Value number(double value) {
        return Value.newBuilder().setNumberValue(value).build();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"prompt\": \"a\"|it is not JSON",
                "{\"prompt\": \"a\"} x|it is not JSON",
                "{\"prompt\": \"a\", \"prompt\": \"b\"}|it is not JSON",
                "[\"a\"]|no object with a string 'prompt'",
                "{\"text\": \"a\"}|no object with a string 'prompt'",
                "{\"prompt\": 7}|no object with a string 'prompt'",
                "{\"prompt\": \" \"}|its 'prompt' is empty",
                "{\"prompt\": \"a\\u0007\"}|control characters",
                "{\"prompt\": \"a\", \"id\": 9007199254740993}|the number 9007199254740993 of 'id'",
                "{\"prompt\": \"a\", \"scale\": 1e999}|of 'scale'",
            })
    void aLineThatIsNoPromptIsNamed(String line, String why) throws IOException {
        assertRefused(file("train.jsonl", "{\"prompt\": \"good\"}\n\n" + line + "\n"), "train.jsonl:3: no prompt", why);
    }

    @Test
    void whatIsTooLargeIsNamedBeforeItIsKept() throws IOException {
        assertRefused(file("long.txt", "good\n" + "x".repeat(4097)), "long.txt:2", "4096 characters");
        assertRefused(file("huge.txt", "good\n" + "x".repeat(1 << 20)), "huge.txt:2", "65536 bytes");
        assertRefused(
                file("fat.jsonl", "{\"prompt\": \"a\", \"note\": \"" + "x".repeat(20_000) + "\"}"),
                "fat.jsonl:1",
                "more than 16384");
        assertRefused(
                file("deep.jsonl", "{\"prompt\": \"a\", \"note\": " + "[".repeat(40) + "]".repeat(40) + "}"),
                "deep.jsonl:1",
                "not JSON");
    }

    @Test
    void whatIsNoFileOfPromptsIsRefused() throws IOException {
        assertRefused(file("empty.txt", "\n \n"), "holds no prompt");
        assertRefused(
                Files.write(folder.resolve("bytes.txt"), new byte[] {'a', '\n', (byte) 0xc3, 0x28}), ":2", "UTF-8");
        assertRefused(file("bell.txt", "good\nbad\u0007\n"), "bell.txt:2", "control characters");
        assertRefused(folder.resolve("none.txt"), "cannot be read");
        assertRefused(file("prompts.csv", "a"), ".txt", ".jsonl");
    }

    @Test
    void aByteOrderMarkIsNoPartOfTheFirstPrompt() throws IOException {
        PromptFile prompts = PromptFile.open(file("bom.txt", "\uFEFFfirst\nsecond"));

        assertThat(all(prompts)).containsExactly(Prompt.of("first"), Prompt.of("second"));
    }

    /** Lines of all lengths lie across the edges of the buffer. */
    @Test
    void everyLineIsFoundAgainWhereverItLies() throws IOException {
        List<String> lines = IntStream.range(0, 3000)
                .mapToObj(i -> i + "x".repeat(i * 37 % 1500) + "é".repeat(i % 3))
                .toList();
        PromptFile prompts = PromptFile.open(file("many.txt", String.join("\n", lines)));

        assertThat(all(prompts)).extracting(Prompt::text).isEqualTo(lines);
    }

    @Test
    void aFileThatChangesUnderARunIsNoticed() throws IOException {
        Path file = file("train.txt", "one\ntwo\nthree\n");
        PromptFile prompts = PromptFile.open(file);
        Files.writeString(file, "four\n", StandardOpenOption.APPEND);
        assertThat(prompts.get(2)).isEqualTo(Prompt.of("three"));

        Files.write(file, "one\ntow\nth".getBytes(StandardCharsets.UTF_8));

        assertThat(prompts.get(0)).isEqualTo(Prompt.of("one"));
        for (int changed : new int[] {1, 2}) {
            assertThatThrownBy(() -> prompts.get(changed))
                    .isInstanceOf(InputException.class)
                    .hasMessageContaining("has changed");
        }
    }

    @Test
    void whatIsTrainedOnIsNotHeldOut() throws IOException {
        Path train = file("train.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\": \"b\", \"tag\": \"x\"}\n");
        Path heldOut = file("held-out.txt", "b\nc\n");

        assertThatThrownBy(() -> PromptSets.open(train, heldOut))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("1 prompts are also in " + train)
                .hasMessageContaining("'b'");
    }

    @Test
    void aRunGoesOnWithTheFilesThatItBeganWith() throws IOException {
        Path train = file("train.txt", "a\nb\n");
        Path heldOut = file("held-out.txt", "c\n");
        Map<String, String> began = PromptSets.open(train, heldOut).digests();
        PromptSets.open(train, heldOut).requireThoseOf(began);
        PromptSets.open(train, heldOut).requireThoseOf(Map.of());

        Files.writeString(train, "a\nb\nd\n");

        assertThatThrownBy(() -> PromptSets.open(train, heldOut).requireThoseOf(began))
                .isInstanceOf(InputException.class)
                .hasMessageStartingWith(train.toString())
                .hasMessageContaining("has changed since the run began");
    }
}
