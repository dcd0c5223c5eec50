package dev.flowguard.learner.recipe;

import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Prompts, one a line, in UTF-8; blank lines are skipped. */
public final class PromptFile {
    private static final int LONGEST = 4096;
    private static final long LARGEST = 256L << 20;

    private PromptFile() {}

    /**
     * Reads the prompts.
     *
     * @throws InputException if the file cannot be read, is no text, holds a bad line or holds no prompt
     */
    public static List<String> read(Path file) {
        List<String> lines;
        try {
            if (Files.size(file) > LARGEST) {
                throw new InputException(file + ": larger than 256 MiB; is it a file of prompts, one a line?");
            }
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": not UTF-8 text; save the prompts as plain text, one a line", e);
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read (" + e + "); check the path and its permissions", e);
        }
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String prompt = lines.get(i).strip();
            if (prompt.length() > LONGEST || prompt.chars().anyMatch(c -> Character.isISOControl(c) && c != '\t')) {
                throw new InputException(file + ":" + (i + 1) + ": no prompt: it has control characters or more than "
                        + LONGEST + " characters; mend or delete the line");
            }
            if (!prompt.isEmpty()) {
                prompts.add(prompt);
            }
        }
        if (prompts.isEmpty()) {
            throw new InputException(file + ": holds no prompt; write one a line");
        }
        return prompts;
    }

    /**
     * Checks that nothing is both trained on and evaluated on: such an evaluation would flatter.
     *
     * @throws InputException naming the first prompt that is
     */
    public static void requireDisjoint(Path train, List<String> trained, Path heldOut, List<String> evaluated) {
        Set<String> both = new LinkedHashSet<>(evaluated);
        both.retainAll(Set.copyOf(trained));
        if (!both.isEmpty()) {
            throw new InputException(heldOut + ": " + both.size() + " prompts are also in " + train + ", the first is '"
                    + both.iterator().next() + "'; held-out prompts must not be trained on, delete them from one file");
        }
    }
}
