package dev.flowguard.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flowguard.grpo.Preset;
import dev.flowguard.grpo.Presets;
import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.RunDirectory;
import dev.flowguard.learner.training.RunOutcome;
import dev.flowguard.tensor.Compute;
import dev.flowguard.tensor.Device;
import dev.flowguard.tensor.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every algorithm by its name, through all services. */
class PresetsTest {

    private SmallRun run;

    @BeforeEach
    void writeRun(@TempDir Path folder) throws IOException {
        run = small(folder);
    }

    /** Groups that divide into branches, and a schedule that has room for every preset's plan. */
    private static SmallRun small(Path folder) throws IOException {
        SmallRun run = SmallRun.in(folder);
        run.edit("num_inference_steps: 4", "num_inference_steps: 6");
        run.edit("size: 4", "size: 6");
        run.edit("  - name: ocr\n    scorer: ocr\n    role: gold\n", "");
        return run;
    }

    static Stream<String> presets() {
        return Presets.all().stream().map(Preset::name);
    }

    @ParameterizedTest
    @MethodSource("presets")
    void trainsAndMovesTheAdapter(String preset) throws Exception {
        RunOutcome outcome =
                OneJvm.train(run, 1, "--flowguard.learner.preset=" + preset, "--flowguard.learner.iterations=2");

        assertThat(outcome.cause()).isNull();
        assertThat(outcome.status()).isEqualTo(RunOutcome.Status.FINISHED);
        assertThat(learned()).hasSize(2).allSatisfy(learning -> {
            assertThat(learning.comparisons()).isGreaterThanOrEqualTo(learning.groups());
            assertThat(learning.tiedComparisons()).isLessThan(learning.comparisons());
            // What members share is computed once, sent once and trained once, and still is what was sampled, bit for
            // bit.
            assertThat(learning.canaryLogRatio()).isEqualTo(0.0);
            assertThat(learning.skippedUpdates()).isZero();
            assertThat(learning.gradientNorm()).isPositive();
        });
        assertThat(largestOfB()).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tempflow-grpo", "dance-grpo"})
    void rowsThatMembersShareMayBeCutIntoMicroBatches(String preset) throws Exception {
        run.edit("size: 6", "size: 12\n  micro_batch_size: 3");

        OneJvm.train(run, 1, "--flowguard.learner.preset=" + preset, "--flowguard.learner.iterations=1");

        assertThat(learned()).singleElement().satisfies(learning -> assertThat(learning.canaryLogRatio())
                .isEqualTo(0.0));
    }

    @Test
    void groupsOfATreeAreReplayed() throws Exception {
        run.edit("rewards:", "experimental_replay: {groups: 1}\nrewards:");

        OneJvm.train(run, 1, "--flowguard.learner.preset=tempflow-grpo", "--flowguard.learner.iterations=3");

        assertThat(learned())
                .extracting(
                        learning -> Objects.requireNonNull(learning.replay()).groups())
                .containsExactly(0, 1, 1);
        assertThat(learned())
                .extracting(IterationReport.Learning::canaryLogRatio)
                .containsOnly(0.0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"grpo-guard", "tempflow-grpo"})
    void theSameSeedMakesTheSameAdapterWithOneWorkerAndWithTwo(String preset, @TempDir Path other) throws Exception {
        SmallRun shared = small(other);
        for (SmallRun each : new SmallRun[] {run, shared}) {
            each.edit("per_iteration: 2", "per_iteration: 6");
            each.edit("steps_per_iteration: 1", "steps_per_iteration: 2");
        }

        OneJvm.train(run, 1, "--flowguard.learner.preset=" + preset, "--flowguard.learner.iterations=4");
        OneJvm.train(shared, 2, "--flowguard.learner.preset=" + preset, "--flowguard.learner.iterations=4");

        assertThat(shared.workers()).hasSize(2);
        for (String file :
                new String[] {"adapter/adapter_model.safetensors", "adapter-ema/adapter_model.safetensors"}) {
            assertThat(shared.output().resolve(file))
                    .hasSameBinaryContentAs(run.output().resolve(file));
        }
    }

    private List<IterationReport.Learning> learned() throws IOException {
        return new RunDirectory(run.output())
                .reports().stream()
                        .map(IterationReport::learning)
                        .filter(Objects::nonNull)
                        .toList();
    }

    /** B begins at zero. */
    private double largestOfB() throws IOException {
        ByteBuffer file =
                ByteBuffer.wrap(Files.readAllBytes(run.output().resolve("adapter/adapter_model.safetensors")));
        return Compute.on(Device.cpu()).inference(() -> Safetensors.decode(file, Device.cpu()).entrySet().stream()
                .filter(tensor -> tensor.getKey().contains("lora_B"))
                .flatMapToDouble(
                        tensor -> Arrays.stream(tensor.getValue().toDoubles()).map(Math::abs))
                .max()
                .orElseThrow());
    }
}
