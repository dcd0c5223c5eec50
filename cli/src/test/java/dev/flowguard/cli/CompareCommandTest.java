package dev.flowguard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.cli.report.ExampleFolders;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareCommandTest {

    private final Path folder;
    private final StringWriter err = new StringWriter();

    CompareCommandTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private int compare(String... arguments) {
        List<String> all = new ArrayList<>(List.of("compare"));
        all.addAll(List.of(arguments));
        return Main.commandLine(new PrintWriter(new StringWriter()), new PrintWriter(err, true))
                .execute(all.toArray(String[]::new));
    }

    private String run(String preset, int seed, int iterations) throws IOException {
        return ExampleFolders.write(folder.resolve(preset + "-" + seed), preset, seed, iterations)
                .toString();
    }

    private void assertRefused(int exitCode, String... parts) {
        assertThat(exitCode).isEqualTo(2);
        assertThat(err.toString().strip()).contains(parts).doesNotContain("\n", "Exception");
    }

    @Test
    void writesOnePageAndItsPictures() throws IOException {
        List<String> arguments = new ArrayList<>();
        for (int seed = 1; seed <= 3; seed++) {
            arguments.add(run("flow-grpo", seed, 60));
            arguments.add(run("grpo-guard", seed, 60));
        }
        Path out = Path.of("target", "example-comparison");
        arguments.add("--output");
        arguments.add(out.toString());

        assertThat(compare(arguments.toArray(String[]::new))).as(err.toString()).isZero();

        String html = Files.readString(out.resolve("comparison.html"), StandardCharsets.UTF_8);
        assertThat(html.replaceAll("(?s)<script>/\\*!.*?</script>", "")).doesNotContain("http://", "https://", "<link");
        assertThat(html).contains("flow-grpo against grpo-guard", "6 runs in 2 arms", "fidelity at equal proxy");
        for (String name : List.of("proxy", "gold-fidelity", "pareto-fidelity", "diversity", "clip-up", "clip-down")) {
            assertThat(ImageIO.read(out.resolve(name + ".png").toFile()).getWidth())
                    .as(name)
                    .isEqualTo(900);
        }
        assertThat(out.resolve("samples-grpo-guard.png")).isNotEmptyFile();
    }

    @Test
    void refusesWhatIsNoRun() {
        assertRefused(compare(folder.toString()), folder.toString(), "no run's output folder");
    }

    @Test
    void refusesAnUnfinishedRun() throws IOException {
        String run = run("flow-grpo", 1, 60);
        Path recipe = Path.of(run, "recipe.yaml");
        Files.writeString(recipe, Files.readString(recipe).replace("iterations: 60", "iterations: 80"));

        assertRefused(compare(run), "has done 60 of 80 iterations", "--resume");
    }

    @Test
    void refusesRunsOfDifferentRewards() throws IOException {
        String one = run("flow-grpo", 1, 20);
        String other = run("grpo-guard", 1, 20);
        Path recipe = Path.of(other, "recipe.yaml");
        Files.writeString(recipe, Files.readString(recipe).replace("name: fidelity", "name: artefact"));

        assertRefused(compare(one, other), "fidelity (gold)", "artefact (gold)", "same rewards");
    }

    @Test
    void refusesAnUnknownGrouping() throws IOException {
        assertRefused(compare(run("flow-grpo", 1, 20), "--group-by", "seed"), "settings, preset or name");
    }
}
