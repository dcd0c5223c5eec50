package dev.flowguard.reward.geneval;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** GenEval's kinds of prompts. */
enum Tag {
    SINGLE_OBJECT,
    TWO_OBJECT,
    COUNTING,
    COLORS,
    POSITION,
    COLOR_ATTR;

    static Optional<Tag> named(String word) {
        return Arrays.stream(values())
                .filter(tag -> tag.toString().equals(word))
                .findFirst();
    }

    /** The detector's score that an object must exceed. To count objects one must be surer of each. */
    float threshold() {
        return this == COUNTING ? .9f : .3f;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
