package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine.MissingParameterException;

/** The command lines that the documents show are command lines. */
class DocumentedCommandsTest {

    /** The root of the repository: Maven runs the tests in this module's folder. */
    private static final Path HOME = Path.of("..").toAbsolutePath().normalize();

    /** A line of its own, with those that it goes on in, or between backticks. */
    private static final Pattern COMMAND =
            Pattern.compile("(?m)^ +\\./flowguard ((?:.*\\\\\n)*.*)$|`\\./flowguard ([^`]+)`");

    /** In single or double quotes, or without. */
    private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)");

    /**
     * A command.
     *
     * @param document where it stands
     * @param line without the program
     * @param whole false where the text only mentions it, and may leave out what the command needs
     */
    record Documented(Path document, String line, boolean whole) {
        List<String> words() {
            return WORD.matcher(line.replace("\\\n", " "))
                    .results()
                    .map(word -> Stream.of(1, 2, 3)
                            .map(word::group)
                            .filter(text -> text != null)
                            .findFirst()
                            .orElseThrow())
                    .toList();
        }
    }

    static List<Documented> commands() throws IOException {
        try (Stream<Path> readmes = Files.find(HOME, 3, (file, attributes) -> file.endsWith("README.md"));
                Stream<Path> documents = Files.list(HOME.resolve("docs"))) {
            return Stream.concat(
                            readmes, documents.filter(file -> file.toString().endsWith(".md")))
                    .sorted()
                    .flatMap(DocumentedCommandsTest::commands)
                    .toList();
        }
    }

    private static Stream<Documented> commands(Path document) {
        return COMMAND.matcher(read(document))
                .results()
                .map(match -> new Documented(HOME.relativize(document), text(match), match.group(1) != null))
                // A synopsis, which says what may be left out.
                .filter(command -> !command.line().contains("["));
    }

    private static String text(MatchResult match) {
        return match.group(1) != null ? match.group(1) : match.group(2).replaceAll("\\s+", " ");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void documentsShowCommands() throws IOException {
        assertThat(commands())
                .contains(
                        new Documented(Path.of("README.md"), "train recipes/quickstart.yaml", true),
                        new Documented(Path.of("README.md"), "presets tempflow-grpo", false))
                .hasSizeGreaterThan(30);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyOptionIsKnown(Documented command) {
        Throwable refused = catchThrowable(
                () -> Main.commandLine(new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()))
                        .parseArgs(command.words().toArray(String[]::new)));

        if (command.whole() || !(refused instanceof MissingParameterException)) {
            assertThat(refused).isNull();
        }
    }
}
