package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.reward.RewardService;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command as it is typed, against the reward service behind a socket. */
@Timeout(120)
@SuppressWarnings("NullAway.Init") // started before all tests
class RewardCheckCommandTest {

    private static RewardService service;
    private static String target;

    private final Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    RewardCheckCommandTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @BeforeAll
    static void serve() {
        service = RewardService.start(
                "--flowguard.reward.scorers=jpeg-compressibility,ocr",
                "--flowguard.reward.workers=1",
                "--spring.grpc.server.port=0",
                "--spring.main.web-application-type=none");
        target = "localhost:" + service.grpcPort();
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private int check(String... arguments) {
        List<String> all = new ArrayList<>(List.of("reward-check", "--target", target));
        all.addAll(List.of(arguments));
        return Main.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
                .execute(all.toArray(String[]::new));
    }

    private void assertRefused(int exitCode, String... parts) {
        assertThat(exitCode).isEqualTo(2);
        assertThat(err.toString().strip()).contains(parts).doesNotContain("\n", "Exception");
    }

    @Test
    void theRewardServiceIsCertified() throws IOException {
        Path json = folder.resolve("check.json");

        assertThat(check("--json", json.toString())).as(out + "\n" + err).isZero();

        assertThat(out.toString())
                .contains("jpeg-compressibility: 6 images score -", "ocr: 6 images score 0.000 to 1.000")
                .contains(
                        "lists flowguard.v1.Scorer",
                        "16 kinds, each refused as invalid",
                        "pixels have the scores of PNG files")
                .contains(target + " is certified: 25 checks passed")
                .doesNotContain("warning", "failed");
        assertThat(Files.readString(json)).contains("\"certified\" : true", "\"check\" : \"slow callers\"");
    }

    @Test
    void scoresThatHaveChangedAreNotCertified() throws IOException {
        Path expect = folder.resolve("expect.json");
        assertThat(check("--scorer", "jpeg-compressibility", "--write-expect", expect.toString()))
                .as(out.toString())
                .isZero();
        assertThat(check("--scorer", "jpeg-compressibility", "--expect", expect.toString()))
                .isZero();
        Files.writeString(
                expect,
                Files.readString(expect, StandardCharsets.UTF_8)
                        .replaceFirst("\"score\" : [^ \n}]*", "\"score\" : -0.5"));

        assertThat(check("--scorer", "jpeg-compressibility", "--expect", expect.toString()))
                .isEqualTo(1);

        assertThat(out.toString())
                .contains("instead of -0.5", "-> the version is the same")
                .contains("is not certified: 1 of 15 checks failed");
    }

    @Test
    void aPromptWithoutATargetIsNamedWithWhatToDo() {
        assertThat(check("--scorer", "ocr", "--prompt", "no quotes")).isEqualTo(1);

        assertThat(out.toString()).contains("'sign' has no score: the prompt names no text", "with --prompt");
    }

    @Test
    void refusesAScorerThatIsNotThere() {
        assertRefused(check("--scorer", "orc"), "no scorer 'orc' there", "jpeg-compressibility, ocr");
    }

    @Test
    void refusesAnAddressWhereNobodyAnswers() {
        int exitCode = Main.commandLine(new PrintWriter(out, true), new PrintWriter(err, true))
                .execute("reward-check", "--target", "localhost:1", "--deadline", "5");
        assertRefused(exitCode, "nobody answers there", "--target");
    }

    @ParameterizedTest
    @CsvSource({
        "--size, 8x8, 16 to 2048",
        "--size, large, WIDTHxHEIGHT",
        "--deadline, 0, at least 1 second",
        "--expect, missing.json, --write-expect",
        "--metadata, missing.jsonl, check the path"
    })
    void refusesWhatItCannotUse(String option, String value, String part) {
        assertRefused(check(option, value), part);
    }

    @Test
    void refusesMetadataThatIsNoObject() throws IOException {
        Path metadata = folder.resolve("metadata.jsonl");
        Files.writeString(metadata, "{\"prompt\": \"a cat\"}\n[1, 2]\n");
        assertRefused(check("--metadata", metadata.toString()), "object 2", "one object a line");

        err.getBuffer().setLength(0);
        Files.writeString(metadata, "{\"tag\": \"counting\"}\n");
        assertRefused(check("--metadata", metadata.toString()), "no \"prompt\"", "--prompt");
    }
}
