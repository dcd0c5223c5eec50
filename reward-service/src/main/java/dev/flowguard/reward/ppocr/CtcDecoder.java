package dev.flowguard.reward.ppocr;

import dev.flowguard.reward.RewardConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns what the recognition network gives into text: at each step the most probable character; the same one again is not a second one; the blank
 * (class 0) is none. (Greedy decoding of connectionist temporal classification, Graves et al. 2006.)
 */
final class CtcDecoder {

    private static final long MAX_BYTES = 4 << 20;

    private final List<String> characters;

    private CtcDecoder(List<String> characters) {
        this.characters = List.copyOf(characters);
    }

    /**
     * Reads a dictionary of PaddleOCR: one character a line, class 1 first. One more class is the space that PaddleOCR appends.
     *
     * @throws RewardConfigurationException if it cannot be read, or is empty
     */
    static CtcDecoder read(Path dictionary) {
        try {
            if (Files.size(dictionary) > MAX_BYTES) {
                throw new RewardConfigurationException(
                        dictionary + ": larger than 4 MiB; a dictionary has one character a line");
            }
            return of(dictionary.toString(), Files.readString(dictionary));
        } catch (IOException e) {
            throw new RewardConfigurationException(dictionary + ": cannot be read (" + e + "); check the path");
        }
    }

    /**
     * Of the text of such a dictionary.
     *
     * @param source where it comes from, for a person
     * @throws RewardConfigurationException if it is empty
     */
    static CtcDecoder of(String source, String dictionary) {
        List<String> characters = new ArrayList<>(List.of(dictionary.split("\r?\n")));
        if (characters.stream().allMatch(String::isEmpty)) {
            throw new RewardConfigurationException(source + ": has no characters; write one a line");
        }
        characters.add(" ");
        return new CtcDecoder(characters);
    }

    /** Whether a network of so many classes, the blank among them, may belong to this dictionary: with the space, or without. */
    boolean fits(int classes) {
        return classes == characters.size() + 1 || classes == characters.size();
    }

    /** The characters, as they determine what is read. */
    String text() {
        return String.join("\n", characters);
    }

    /** How many classes there are with the blank and the space. */
    int classes() {
        return characters.size() + 1;
    }

    /**
     * What a line says.
     *
     * @param confidence mean probability of its characters, 0 if it has none
     */
    record Text(String text, double confidence) {}

    /** @param probabilities of each class at each step, [steps][classes] */
    Text decode(float[][] probabilities) {
        StringBuilder text = new StringBuilder();
        double confidence = 0;
        int count = 0;
        int last = 0;
        for (float[] step : probabilities) {
            int best = 0;
            for (int i = 1; i < step.length; i++) {
                if (step[i] > step[best]) {
                    best = i;
                }
            }
            if (best != 0 && best != last) {
                text.append(characters.get(best - 1));
                confidence += step[best];
                count++;
            }
            last = best;
        }
        return new Text(text.toString(), count == 0 ? 0 : confidence / count);
    }
}
