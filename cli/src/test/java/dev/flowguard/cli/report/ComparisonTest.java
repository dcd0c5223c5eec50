package dev.flowguard.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.flowguard.learner.output.IterationReport;
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
    void intervalsAreApartWhereTheyHaveNoPointInCommon() {
        Estimate middle = new Estimate(3, 0, 1, -1, 1);

        assertThat(middle.apartFrom(new Estimate(3, 2.25, 1, 2, 3))).isTrue();
        assertThat(middle.apartFrom(new Estimate(3, -2.25, 1, -3, -2))).isTrue();
        assertThat(middle.apartFrom(new Estimate(3, 2, 1, 1, 3))).isFalse();
        assertThat(middle.apartFrom(Estimate.of(List.of(9.)))).isFalse();
        assertThat(Estimate.of(List.of(9.)).apartFrom(middle)).isFalse();
    }

    @Test
    void tableSaysWhichArmsAreApart() throws IOException {
        Comparison comparison = new Comparison(Arm.of(runs(3), Arm.Grouping.SETTINGS));
        Arm flow = comparison.arms().get(0);
        Arm guard = comparison.arms().get(1);

        List<Optional<Estimate>> gold = comparison.table().getOrDefault("fidelity, last", List.of());
        assertThat(comparison.apartFrom(gold, 0)).containsExactly(guard);
        assertThat(comparison.apartFrom(gold, 1)).containsExactly(flow);
        List<Optional<Estimate>> proxy = comparison.table().getOrDefault("proxy, last", List.of());
        assertThat(comparison.apartFrom(proxy, 0)).isEmpty();
        assertThat(comparison.apartFrom(List.of(Optional.empty(), proxy.get(1)), 0))
                .isEmpty();
        assertThat(new ComparisonPage(comparison).html())
                .containsPattern("± [0-9.]+<span class=\"apart\">apart</span>");
    }

    @Test
    void amongSeveralArmsTheTableNamesThem() throws IOException {
        List<ComparedRun> runs = new ArrayList<>(runs(3));
        for (int seed = 4; seed <= 6; seed++) {
            runs.add(ComparedRun.read(ExampleFolders.write(folder.resolve("<other>" + seed), "<other>", seed, 60)));
        }

        String html = new ComparisonPage(new Comparison(Arm.of(runs, Arm.Grouping.PRESET))).html();

        assertThat(html)
                .contains("<span class=\"apart\">apart from all</span>")
                .contains("<span class=\"apart\">apart from grpo-guard</span>")
                .doesNotContain("<other>");
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
