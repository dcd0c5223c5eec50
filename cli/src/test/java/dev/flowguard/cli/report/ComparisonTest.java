package dev.flowguard.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.learner.output.IterationReport;
import dev.flowguard.learner.output.StepRatios;
import dev.flowguard.tensor.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {

    private final Path folder;

    ComparisonTest(@TempDir Path folder) {
        this.folder = folder;
    }

    private List<ComparedRun> runs(int seeds) throws IOException {
        List<ComparedRun> runs = new ArrayList<>();
        for (String preset : List.of("flow-grpo", "grpo-guard")) {
            for (int seed = 1; seed <= seeds; seed++) {
                runs.add(ComparedRun.read(ExampleFolders.write(folder.resolve(preset + seed), preset, seed, 60)));
            }
        }
        return runs;
    }

    @Test
    void intervalsAreStudents() {
        Estimate estimate = Estimate.of(List.of(1.0, 2.0, 3.0));

        // t(0.975; 2) = 4.302653
        assertThat(estimate.mean()).isEqualTo(2);
        assertThat(estimate.margin()).isCloseTo(4.302653 / Math.sqrt(3), within(1e-6));
        assertThat(estimate.lowest()).isEqualTo(1);
        assertThat(estimate.highest()).isEqualTo(3);
        assertThat(Estimate.of(List.of(.5)).text()).isEqualTo("0.500");
    }

    @Test
    void runsThatDifferInTheirSeedAloneAreOneArm() throws IOException {
        List<Arm> arms = Arm.of(runs(3), Arm.Grouping.SETTINGS);

        assertThat(arms).extracting(Arm::label).containsExactly("flow-grpo", "grpo-guard");
        assertThat(arms).allSatisfy(arm -> assertThat(arm.runs()).hasSize(3));
        assertThat(Arm.differences(arms)).containsExactly("objective.clip_range", "optimizer.learning_rate", "preset");
    }

    @Test
    void armsOfOnePresetAreNamedByWhatTheyDifferIn() throws IOException {
        List<ComparedRun> runs = new ArrayList<>(runs(1).subList(0, 1));
        Path other = ExampleFolders.write(folder.resolve("slow"), "flow-grpo", 1, 60);
        Path recipe = other.resolve("recipe.yaml");
        Files.writeString(recipe, Files.readString(recipe).replace("3.0E-4", "1.0E-4"));
        runs.add(ComparedRun.read(other));

        assertThat(Arm.of(runs, Arm.Grouping.SETTINGS))
                .extracting(Arm::label)
                .containsExactly("flow-grpo · learning_rate 3.0E-4", "flow-grpo · learning_rate 1.0E-4");
        assertThat(Arm.of(runs, Arm.Grouping.PRESET)).hasSize(1);
    }

    @Test
    void goldAtEqualProxyIsReadOffTheLineBetweenTwoEvaluations() throws IOException {
        Comparison comparison = new Comparison(Arm.of(runs(3), Arm.Grouping.SETTINGS));

        List<Optional<Estimate>> gold = comparison.table().getOrDefault("fidelity at equal proxy", List.of());
        assertThat(gold).hasSize(2);
        Estimate flow = gold.get(0).orElseThrow();
        Estimate guard = gold.get(1).orElseThrow();
        assertThat(guard.lowest()).isGreaterThan(flow.highest());
        assertThat(comparison.proxy(comparison.arms().get(0)).lastKey()).isEqualTo(60);
        assertThat(comparison.watched()).containsExactly(new Comparison.Watched("fidelity", true));
    }

    @Test
    void ratiosArePooledOverIterations() {
        // Two iterations of two members each: log-ratios 1, 3 and -1, 1.
        PooledRatios pooled = PooledRatios.of(
                List.of(new StepRatios(0, 1, 2, 1, .5, 0, null), new StepRatios(0, 1, 0, 1, .25, .25, null)));

        assertThat(pooled.clipUp()).isEqualTo(.375);
        assertThat(pooled.clipDown()).isEqualTo(.125);
        // Mean 1, variance (0 + 4 + 4 + 0) / 4.
        assertThat(pooled.shift()).isCloseTo(1 / Math.sqrt(2), within(1e-12));
    }

    @Test
    void runsOfDifferentLengthAreComparedUntilAnIteration() throws IOException {
        ComparedRun run = runs(1).get(0);

        ComparedRun half = run.until(30);

        assertThat(half.rows()).extracting(IterationReport::iteration).last().isEqualTo(30);
        assertThat(half.after()).isEmpty();
        assertThat(run.until(60).after()).isEqualTo(run.after());
        assertThatThrownBy(() -> run.until(61))
                .isInstanceOf(InputException.class)
                .hasMessageContaining("has done 60");
    }
}
