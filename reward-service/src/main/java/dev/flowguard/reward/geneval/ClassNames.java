package dev.flowguard.reward.geneval;

import dev.flowguard.reward.RewardConfigurationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the detector's labels mean, in the words of the prompts: label 0 is the first name. A label without a name (an empty line) is a class that
 * is not looked for.
 */
final class ClassNames {

    private static final long MAX_BYTES = 1 << 20;
    private static final String COCO = "coco-80.txt";

    private final List<String> names;

    private ClassNames(List<String> names) {
        this.names = List.copyOf(names);
    }

    /** The 80 classes of COCO, as GenEval's prompts name them ("computer mouse", "tv remote"). */
    static ClassNames coco() {
        try (InputStream data = ClassNames.class.getResourceAsStream(COCO)) {
            if (data == null) {
                throw new IllegalStateException(COCO + " is not on the class path");
            }
            return new ClassNames(new String(data.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + COCO, e);
        }
    }

    /**
     * The names in a file, one a line.
     *
     * @throws RewardConfigurationException if it cannot be read, or names nothing
     */
    static ClassNames read(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new RewardConfigurationException(file + ": larger than 1 MiB; it names one class a line");
            }
            List<String> names =
                    Files.readString(file).lines().map(String::strip).toList();
            if (names.stream().allMatch(String::isEmpty)) {
                throw new RewardConfigurationException(file + ": names no class; write one a line, label 0 first");
            }
            return new ClassNames(names);
        } catch (IOException e) {
            throw new RewardConfigurationException(file + ": cannot be read (" + e + "); check the path");
        }
    }

    int size() {
        return names.size();
    }

    /** The name of a label below {@link #size}; empty if it has none. */
    String of(int label) {
        return names.get(label);
    }

    boolean contains(String name) {
        return names.contains(name);
    }

    /** All names, as they determine the score. */
    String text() {
        return String.join("\n", names);
    }
}
