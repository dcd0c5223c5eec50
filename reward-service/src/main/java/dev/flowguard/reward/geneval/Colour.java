package dev.flowguard.reward.geneval;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The colours that GenEval tells apart. */
enum Colour {
    RED,
    ORANGE,
    YELLOW,
    GREEN,
    BLUE,
    PURPLE,
    PINK,
    BROWN,
    BLACK,
    WHITE;

    static Optional<Colour> named(String word) {
        return Arrays.stream(values())
                .filter(colour -> colour.toString().equals(word))
                .findFirst();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
