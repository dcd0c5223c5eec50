package dev.flowguard.learner.prompts;

import dev.flowguard.tensor.InputException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A run's two sets of prompts.
 *
 * @param train prompts to train on
 * @param heldOut prompts to evaluate on, none of them among the others: such an evaluation would flatter
 */
public record PromptSets(PromptFile train, PromptFile heldOut) {
    private static final String TRAIN = "train";
    private static final String HELD_OUT = "held_out";

    /**
     * Reads both files through.
     *
     * @throws InputException if one is not as it must be, or a prompt is in both
     */
    public static PromptSets open(Path train, Path heldOut) {
        Set<String> evaluated = new HashSet<>();
        Set<String> both = new LinkedHashSet<>();
        PromptFile evaluation = PromptFile.open(heldOut, prompt -> evaluated.add(prompt.text()));
        PromptFile training = PromptFile.open(train, prompt -> {
            if (evaluated.contains(prompt.text())) {
                both.add(prompt.text());
            }
        });
        if (!both.isEmpty()) {
            throw new InputException(heldOut + ": " + both.size() + " prompts are also in " + train + ", the first is '"
                    + both.iterator().next() + "'; held-out prompts must not be trained on, delete them from one file");
        }
        return new PromptSets(training, evaluation);
    }

    /** SHA-256 of the files by their keys in recipes. */
    public Map<String, String> digests() {
        return Map.of(TRAIN, train.digest(), HELD_OUT, heldOut.digest());
    }

    /**
     * Checks that a run goes on with the prompts that it began with: its place in them is a number.
     *
     * @param began {@link #digests()} of then; what it does not name is not checked
     * @throws InputException naming the file that has changed
     */
    public void requireThoseOf(Map<String, String> began) {
        requireSame(train, began.get(TRAIN));
        requireSame(heldOut, began.get(HELD_OUT));
    }

    private static void requireSame(PromptFile now, @Nullable String began) {
        if (began != null && !began.equals(now.digest())) {
            throw new InputException(
                    now.path()
                            + ": has changed since the run began; put it back as it was, or start a new run in another output_dir");
        }
    }
}
