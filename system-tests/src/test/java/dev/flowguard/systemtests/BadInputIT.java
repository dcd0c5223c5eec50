package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever a person gets wrong ends with one clear line that names it, exit code 2, and nothing half-written. */
class BadInputIT {

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String WEIGHTS = "pipeline/transformer/diffusion_pytorch_model.safetensors";

    private SmallRun run;

    @BeforeEach
    void writeRun(@TempDir Path folder) throws IOException {
        run = SmallRun.in(folder);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    serv                                   | serve
                    train                                  | RECIPE
                    train no-such-recipe.yaml              | no-such-recipe.yaml
                    train recipes/quickstart.yaml --iterations many | --iterations
                    serve                                  | reward
                    serve reward --scorer orc              | did you mean 'ocr'
                    serve reward --port 0 --set flowguard.reward.wrokers=2 | wrokers
                    serve rollout                          | --learner
                    """)
    void mistakesOnTheCommandLine(String arguments, String named) throws InterruptedException {
        assertRefused(named, arguments.split(" "));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    learning_rate: 1e-3       | learning_rat: 1e-3          | learning_rate
                    preset: grpo-guard        | preset: grpo-gard           | grpo-guard
                    iterations: 3             | iterations: three           | iterations
                    steps_per_iteration: 1    | steps_per_iteration: 9      | optimizer.steps_per_iteration
                    pipeline: pipeline        | pipeline: elsewhere         | model.pipeline
                    train: train.txt          | train: missing.txt          | missing.txt
                    held_out: held-out.txt    | held_out: train.txt         | held-out
                    scorer: ocr               | scorer: orc                 | ocr
                    height: 32                | height: 3200                | 32
                    """)
    void mistakesInTheRecipe(String right, String wrong, String named) throws IOException, InterruptedException {
        run.edit(right, wrong);

        assertRefused(named, "train", run.recipe(), "--output-dir", run.output().toString());
        assertThat(run.output().resolve("metrics.jsonl")).doesNotExist();
    }

    @Test
    void anEmptyWeightFile() throws IOException, InterruptedException {
        Files.write(run.file(WEIGHTS), new byte[0]);

        assertWeightsRefused();
    }

    @Test
    void aWeightFileThatEndsInItsHeader() throws IOException, InterruptedException {
        try (FileChannel file = FileChannel.open(run.file(WEIGHTS), StandardOpenOption.WRITE)) {
            file.truncate(100);
        }

        assertWeightsRefused();
    }

    @Test
    void aWeightFileThatClaimsAHeaderOfExabytes() throws IOException, InterruptedException {
        try (FileChannel file = FileChannel.open(run.file(WEIGHTS), StandardOpenOption.WRITE)) {
            ByteBuffer size =
                    ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MIN_VALUE);
            file.write(size, 0);
        }

        assertWeightsRefused();
    }

    @Test
    void aMissingWeightFile() throws IOException, InterruptedException {
        Files.delete(run.file(WEIGHTS));

        assertWeightsRefused();
    }

    @Test
    void aBusyPort() throws IOException, InterruptedException {
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(busy.getLocalPort());

            assertRefused(port, "serve", "reward", "--port", port);
        }
    }

    @Test
    void anOutputFolderThatIsAFile() throws IOException, InterruptedException {
        Files.writeString(run.output(), "not a folder");

        assertRefused(
                "output", "train", run.recipe(), "--output-dir", run.output().toString());
    }

    private void assertWeightsRefused() throws InterruptedException {
        assertRefused(
                "diffusion_pytorch_model.safetensors",
                "train",
                run.recipe(),
                "--output-dir",
                run.output().toString());
        assertThat(run.output().resolve("checkpoints")).doesNotExist();
    }

    private static void assertRefused(String named, String... arguments) throws InterruptedException {
        try (FlowguardProcess process = FlowguardProcess.start(arguments)) {
            int code = process.awaitExit(PATIENCE);

            assertThat(process.output())
                    .startsWith("flowguard: ")
                    .contains(named)
                    .hasLineCount(1);
            assertThat(code).as(process.output()).isEqualTo(2);
        }
    }
}
