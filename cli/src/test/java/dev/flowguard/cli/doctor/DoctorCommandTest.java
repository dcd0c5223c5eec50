package dev.flowguard.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class DoctorCommandTest {

    private static final Path RECIPES = Path.of("..", "recipes");

    private record Visit(int exitCode, String report) {}

    private static Visit doctor(String... arguments) {
        StringWriter out = new StringWriter();
        int exitCode = new CommandLine(new DoctorCommand())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(out, true))
                .execute(arguments);
        return new Visit(exitCode, out.toString());
    }

    private static String published(String model) {
        return Path.of("src", "test", "resources", "pipelines", model).toString();
    }

    @Test
    void theQuickstartIsWell() {
        Visit visit = doctor(RECIPES.resolve("quickstart.yaml").toString(), "--memory", "4GiB");

        assertThat(visit.report())
                .contains("no overlap")
                .doesNotContain("failed")
                .doesNotContain("warning");
        assertThat(visit.exitCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd3.5-medium", "flux.1-dev"})
    void thePapersRecipesPassWithNothingButConfigurations(String model) {
        Visit visit = doctor(
                RECIPES.resolve(model + ".yaml").toString(), "--pipeline", published(model), "--memory", "400GiB");

        assertThat(visit.report())
                .contains("its weights are not there")
                .contains("flowguard train: peak memory")
                .doesNotContain("failed");
        assertThat(visit.exitCode()).isEqualTo(1);
    }

    @Test
    void theNetworksHaveTheirPublishedSizes() {
        // 2.24 billion and 11.90 billion parameters in the files; SD3.5's position table of 0.23 billion is among them.
        assertThat(doctor(RECIPES.resolve("sd3.5-medium.yaml").toString(), "--pipeline", published("sd3.5-medium"))
                        .report())
                .containsPattern("SD3Transformer2DModel, 2\\.(24|47) billion")
                .containsPattern("T5EncoderModel, 4\\.76 billion");
        assertThat(doctor(RECIPES.resolve("flux.1-dev.yaml").toString(), "--pipeline", published("flux.1-dev"))
                        .report())
                .contains("FluxTransformer2DModel, 11.90 billion");
    }

    @Test
    void aRunThatDoesNotFitFailsWithAdvice() {
        Visit visit = doctor(
                RECIPES.resolve("sd3.5-medium.yaml").toString(),
                "--pipeline",
                published("sd3.5-medium"),
                "--memory",
                "8GiB");

        assertThat(visit.report()).contains("failed").contains("micro_batch_size: 2");
        assertThat(visit.exitCode()).isEqualTo(2);
    }

    @Test
    void anotherPresetIsLookedAt() {
        Visit visit =
                doctor(RECIPES.resolve("quickstart.yaml").toString(), "--memory", "4GiB", "--preset", "tempflow-grpo");

        assertThat(visit.report()).contains("preset tempflow-grpo");
        assertThat(visit.exitCode()).isZero();
    }
}
