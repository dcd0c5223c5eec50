package dev.flowguard.learner.recipe;

import dev.flowguard.tensor.InputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Choices as recipes write them: {@code inverse-dt} for {@code INVERSE_DT}. */
final class Words {
    private Words() {}

    static String write(Enum<?> choice) {
        return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws InputException if there is no such choice; the message names those there are */
    static <E extends Enum<E>> E read(Class<E> choices, String word) {
        return Arrays.stream(choices.getEnumConstants())
                .filter(choice -> write(choice).equals(word))
                .findFirst()
                .orElseThrow(() -> new InputException("'" + word + "' is none of "
                        + Arrays.stream(choices.getEnumConstants())
                                .map(Words::write)
                                .collect(Collectors.joining(", "))));
    }
}
