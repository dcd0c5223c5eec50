package dev.flowguard.cli.rewardcheck;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.flowguard.tensor.InputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where golden prompts come from. */
final class PromptCases {

    /** Quoted words, so that scorers of text have a target; the last tests whether prompts arrive as UTF-8. */
    private static final List<String> DEFAULT = List.of(
            "a sign saying \"" + GoldenImage.WORD + "\"",
            "a red disc beside the word \"STOP\"",
            "ein Schild mit der Aufschrift \"Grüße\" 🚀");

    private static final String PROMPT_KEY = "prompt";
    private static final int MOST_LINES = 8;
    private static final int LONGEST_LINE = 1 << 20;

    private PromptCases() {}

    /**
     * The prompts, each with its metadata.
     *
     * @param prompts as given on the command line; empty for those of the file, or for usual ones
     * @param metadata a file of JSON objects, one a line, such as a prompt set's metadata.jsonl; null for none
     */
    static List<PromptCase> of(List<String> prompts, @Nullable Path metadata) {
        List<Struct> structs = metadata == null ? List.of() : read(metadata);
        List<String> texts = prompts;
        if (texts.isEmpty()) {
            texts = structs.isEmpty()
                    ? DEFAULT
                    : structs.stream().map(struct -> prompt(struct, metadata)).toList();
        }
        List<PromptCase> cases = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            cases.add(new PromptCase(texts.get(i), structs.isEmpty() ? null : structs.get(i % structs.size())));
        }
        return cases;
    }

    private static String prompt(Struct metadata, @Nullable Path file) {
        Value prompt = metadata.getFieldsOrDefault(PROMPT_KEY, Value.getDefaultInstance());
        if (prompt.getStringValue().isEmpty()) {
            throw new InputException(file + ": a line has no \"prompt\"; add it, or give prompts with --prompt");
        }
        return prompt.getStringValue();
    }

    private static List<Struct> read(Path file) {
        List<Struct> structs = new ArrayList<>();
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            String line;
            while (structs.size() < MOST_LINES && (line = lines.readLine()) != null) {
                if (!line.isBlank()) {
                    structs.add(parse(line, file, structs.size() + 1));
                }
            }
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": not UTF-8; write JSON objects, one a line", e);
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read (" + e.getMessage() + "); check the path", e);
        }
        if (structs.isEmpty()) {
            throw new InputException(file + ": empty; write JSON objects, one a line");
        }
        return structs;
    }

    private static Struct parse(String line, Path file, int number) {
        if (line.length() > LONGEST_LINE) {
            throw new InputException(file + ": object " + number + " is longer than a megabyte; shorten it");
        }
        Struct.Builder struct = Struct.newBuilder();
        try {
            JsonFormat.parser().merge(line, struct);
        } catch (InvalidProtocolBufferException e) {
            throw new InputException(
                    file + ": object " + number + " is not a JSON object on one line; write one object a line", e);
        }
        return struct.build();
    }
}
